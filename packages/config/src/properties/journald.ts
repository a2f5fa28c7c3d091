import { type DebianLike, debianLike, type Property, property, type Revertable, revertable } from "@slipway/model";
import { fail } from "../errors.ts";
import { absent, content, directory } from "./file.ts";

type Size = `${number}${"M" | "G"}`;

export interface JournalLimits {
  /** All of the journal on the disk. */
  readonly atMost?: Size;
  /** What is left free for others on that disk. */
  readonly leaving?: Size;
  /** How long entries are kept. */
  readonly for?: `${number}${"h" | "d"}`;
  /** `persistent` survives a reboot. Default: as the system has it. */
  readonly storage?: "persistent" | "volatile" | "auto";
}

const folder = "/etc/systemd/journald.conf.d";
const path = `${folder}/slipway.conf`;

/** An action, for `onChange`: the journal reads its settings; no entry is lost meanwhile. */
const restarted: Property<DebianLike> = property("systemd-journald is restarted", {
  on: debianLike,
  observe: { read: ["true"], reads: [], parse: () => undefined },
  plan: () => [["systemctl", "restart", "systemd-journald.service"]],
  writes: ["unit:systemd-journald.service"],
  action: true,
});

/** The journal stays within these limits. Its opposite leaves them to the system. Throws `config.bad-argument`. */
export function keeps(limits: JournalLimits): Revertable<DebianLike> {
  const sizes = [limits.atMost, limits.leaving].filter((one) => one !== undefined);
  const bad = [
    ...sizes.filter((one) => !/^[1-9]\d*[MG]$/.test(one)),
    ...(limits.for === undefined || /^[1-9]\d*[hd]$/.test(limits.for) ? [] : [limits.for]),
  ];
  if (bad.length > 0) throw fail("config.bad-argument", `"${bad[0]}" is no limit for the journal, such as 500M or 30d`);
  const settings = {
    Storage: limits.storage,
    SystemMaxUse: limits.atMost,
    SystemKeepFree: limits.leaving,
    MaxRetentionSec: limits.for?.replace("d", "day"),
  };
  const lines = Object.entries(settings).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}\n`]));
  if (lines.length === 0) throw fail("config.bad-argument", "journald.keeps needs a limit");
  const what = [limits.atMost, limits.for].filter((one) => one !== undefined).join(" of ");
  const file = content(path, `[Journal]\n${lines.join("")}`).requires(directory(folder));
  return revertable(
    file.onChange(restarted).describe(`the journal keeps ${what === "" ? "within its limits" : `at most ${what}`}`),
    absent(path).onChange(restarted),
  );
}
