import { type DebianLike, type Revertable, revertable, telling } from "@slipway/model";
import { dropIn } from "./ssh-drop-in.ts";
import type { SshdSettings } from "./ssh-settings.ts";

export { hostKey, hostKeys, type KeyType } from "./ssh-host-keys.ts";
export { knownHosts, knows } from "./ssh-known-hosts.ts";
export type { SshdSettings } from "./ssh-settings.ts";
export { acceptsUsersOf } from "./user-keys.ts";

/**
 * sshd has these settings, once a host: written as one drop-in that `sshd -t` has tried, reloaded, then asked for with `sshd -T`. Running
 * sessions stay. Throws `config.bad-argument`.
 */
export function settings(given: SshdSettings): Revertable<DebianLike> {
  const made = dropIn("settings", `sshd has ${Object.keys(given).join(", ")} set`, given);
  const ports = given.Port === undefined ? [] : [given.Port].flat();
  return revertable(telling(made, ...ports.map(listens)), made.opposite);
}

const listens = (port: number) => ({ kind: "port", port, protocol: "tcp", owner: "sshd", from: "anywhere" }) as const;

const keysAlone = {
  PasswordAuthentication: "no",
  KbdInteractiveAuthentication: "no",
  PermitEmptyPasswords: "no",
} as const satisfies SshdSettings;

/** Nobody logs in with a password; keys still work. */
export const noPasswords: Revertable<DebianLike> = dropIn("passwords", "nobody logs in with a password", keysAlone);

/** Whether root logs in by SSH. On a host that is configured as root by its key, `"no"` is taken back at once. */
export const rootLogin = (how: "no" | "with a key"): Revertable<DebianLike> =>
  dropIn("root", how === "no" ? "root does not log in by ssh" : "root logs in with a key alone", {
    PermitRootLogin: how === "no" ? "no" : "prohibit-password",
  });

/**
 * Nobody logs in with a password, root by key alone, and few guesses are taken. Running sessions stay. Where root must not log in at all,
 * say {@link noPasswords} and {@link rootLogin}.
 */
export const hardened: Revertable<DebianLike> = (() => {
  const made = dropIn("hardened", "ssh is hardened", {
    ...keysAlone,
    PermitRootLogin: "prohibit-password",
    PubkeyAuthentication: "yes",
    X11Forwarding: "no",
    MaxAuthTries: 4,
  });
  return revertable(telling(made, listens(22)), made.opposite.describe("ssh is as the distribution has it"));
})();
