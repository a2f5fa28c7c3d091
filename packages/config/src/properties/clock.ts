import { type DebianLike, debianLike, type Property, property } from "@slipway/model";
import { installed } from "./apt.ts";
import { daemonReloaded, running } from "./systemd.ts";

const path = "/etc/systemd/system/systemd-timesyncd.service.d/slipway.conf";
// In a container the clock belongs to the outer machine, and the unit would be skipped without a word.
const text = "[Unit]\nConditionVirtualization=\nConditionCapability=\n";

/** systemd-timesyncd may run in a container too; elsewhere there is nothing to do. */
const allowed: Property<DebianLike> = property("time service may run here", {
  on: debianLike,
  observe: {
    read: ["sh", "-c", 'systemd-detect-virt --container; cat "$1"', "sh", path],
    reads: [`file:${path}`],
    parse: (stdout) => ({ container: !stdout.startsWith("none"), done: stdout.endsWith(text) }),
  },
  plan: (seen) =>
    !seen.container || seen.done
      ? []
      : [
          ["mkdir", "-p", "/etc/systemd/system/systemd-timesyncd.service.d"],
          { path, content: text, mode: "0644", owner: "root", group: "root" },
        ],
  writes: [`file:${path}`],
});

const service: Property<DebianLike> = running("systemd-timesyncd").requires(
  allowed.requires(installed("systemd-timesyncd")).onChange(daemonReloaded),
);

/** The clock is kept right over NTP by systemd-timesyncd, now and after a reboot. */
export const synchronised: Property<DebianLike> = service.describe("clock is synchronised");
