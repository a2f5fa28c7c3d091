import { all, type DebianLike, perOs, type Revertable, revertable, telling } from "@slipway/model";
import { fail } from "../errors.ts";
import { installed } from "./apt-packages.ts";
import { absent, content } from "./file.ts";
import { running } from "./systemd.ts";

export interface UnattendedOptions {
  /** When a machine that needs it is started anew, as `"02:30"` in its own time; default: never. */
  readonly rebootAt?: `${number}:${number}`;
  /** Also while somebody is logged in. Default false. */
  readonly rebootWithUsers?: boolean;
  /** Packages that nothing needs any more go. Default false. */
  readonly removeUnused?: boolean;
  /** Archives besides the distribution's, as in `"origin=Docker,label=Docker CE"`. */
  readonly alsoFrom?: readonly string[];
  /** Names, or regular expressions of Python, of packages that are left alone. */
  readonly except?: readonly string[];
}

const periodic = `APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
APT::Periodic::AutocleanInterval "7";
`;

// The package's own list has these commented out on Ubuntu, where updates of the release are a suite of their own.
const updatesOfUbuntu = `Unattended-Upgrade::Origins-Pattern:: "origin=Ubuntu,archive=\${distro_codename}-updates";\n`;

function settings(how: UnattendedOptions): string {
  const lists = [...(how.alsoFrom ?? []), ...(how.except ?? [])];
  const bad = lists.find((one) => one === "" || /["\u0000-\u001f]/.test(one));
  if (bad !== undefined)
    throw fail("config.bad-argument", `${JSON.stringify(bad)} cannot stand in apt's configuration`);
  const { rebootAt } = how;
  if (rebootAt !== undefined && !/^([01]\d|2[0-3]):[0-5]\d$/.test(rebootAt))
    throw fail("config.bad-argument", `"${rebootAt}" is no time of the day, such as 02:30`);
  const entry = (name: string, value: string): string => `Unattended-Upgrade::${name} "${value}";\n`;
  return [
    entry("Automatic-Reboot", String(rebootAt !== undefined)),
    ...(rebootAt === undefined ? [] : [entry("Automatic-Reboot-Time", rebootAt)]),
    entry("Automatic-Reboot-WithUsers", String(how.rebootWithUsers ?? false)),
    entry("Remove-Unused-Dependencies", String(how.removeUnused ?? false)),
    ...(how.alsoFrom ?? []).map((one) => entry("Origins-Pattern::", one)),
    ...(how.except ?? []).map((one) => entry("Package-Blacklist::", one)),
  ].join("");
}

/**
 * Security updates and the updates of the release are installed every day without anybody. Its opposite ends that and leaves the package.
 * Throws `config.bad-argument`.
 */
export function unattendedUpgrades(how: UnattendedOptions = {}): Revertable<DebianLike> {
  const daily = "/etc/apt/apt.conf.d/20auto-upgrades";
  // After 50unattended-upgrades of the package, whose lists it adds to.
  const added = "/etc/apt/apt.conf.d/52slipway-unattended-upgrades";
  const text = settings(how);
  const made = all("upgrades are installed unattended", [
    content(daily, periodic),
    perOs(`${added} has its content`, {
      debian: content(added, text),
      ubuntu: content(added, `${text}${updatesOfUbuntu}`),
    }),
    running("apt-daily.timer"),
    running("apt-daily-upgrade.timer"),
  ]);
  const ended = all("upgrades are not installed unattended", [absent(daily), absent(added)]);
  return revertable(
    telling(made.requires(installed("unattended-upgrades")), {
      kind: "check",
      title: "unattended upgrades",
      check: { type: "unit", unit: "apt-daily-upgrade.timer" },
    }),
    ended,
  );
}
