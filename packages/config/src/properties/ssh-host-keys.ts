import {
  all,
  type DebianLike,
  debianLike,
  guarded,
  type Property,
  property,
  type Revertable,
  revertable,
  type Secret,
} from "@slipway/model";
import { fail } from "../errors.ts";
import { file } from "../facts/files.ts";
import { content } from "./file.ts";
import { dropIn, sshdGuard, sshdReloaded } from "./ssh-drop-in.ts";
import { checkedKey, matchingKey } from "./user-keys.ts";

export type KeyType = "ed25519" | "ecdsa" | "rsa";

const pathOf = (type: KeyType): string => `/etc/ssh/ssh_host_${type}_key`;

function present(type: KeyType): Property<DebianLike> {
  const path = pathOf(type);
  return property(`there is a host key of type ${type}`, {
    on: debianLike,
    about: `host key:${type}`,
    observe: file(path),
    plan: (seen) => (seen.kind === "file" ? [] : [["ssh-keygen", "-q", "-t", type, "-N", "", "-f", path]]),
    writes: [`file:${path}`, `file:${path}.pub`],
  });
}

/**
 * sshd proves itself with host keys of these types alone; those that are missing are made. Keys of other types stay on the disk. Whoever
 * has pinned a key of another type is refused from then on.
 */
export function hostKeys(...types: readonly [KeyType, ...KeyType[]]): Revertable<DebianLike> {
  if (types.length === 0) throw fail("config.bad-argument", "sshd needs a host key");
  const list = [...new Set(types)].sort();
  const made = dropIn("host-keys", `sshd has host keys of type ${list.join(", ")} alone`, {
    HostKey: list.map(pathOf),
  });
  return revertable(made.requires(all("host keys", list.map(present))), made.opposite);
}

/**
 * sshd proves itself with this host key, the private one from the vault: a machine that is made anew stays the same host to those who know
 * it. Throws `config.bad-argument`.
 */
export function hostKey(publicKey: string, privateKey: Secret): Property<DebianLike> {
  const key = checkedKey(publicKey);
  const type = /^(?:ssh-)?(ed25519|rsa|ecdsa)/.exec(key)?.[1] as KeyType | undefined;
  if (type === undefined) throw fail("config.bad-argument", `no type of host key: ${key.slice(0, 20)}`);
  const path = pathOf(type);
  // Each under the guard, as a guard does not reach what is required: the private key has to be kept before it is replaced.
  const guard = sshdGuard(path, `${path}.pub`);
  const secret = guarded(content(path, privateKey, { validate: matchingKey(key) }), guard);
  const open = guarded(content(`${path}.pub`, `${key}\n`), guard).requires(secret);
  const pair = all(`sshd has the ${type} host key ${key.split(" ")[2] ?? ""}`.trimEnd(), [secret, open]);
  return guarded(pair.onChange(sshdReloaded), guard);
}
