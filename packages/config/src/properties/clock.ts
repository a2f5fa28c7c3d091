import {
  all,
  type DebianLike,
  debianLike,
  type Property,
  perOs,
  property,
  type Revertable,
  revertable,
} from "@slipway/model";
import { fail } from "../errors.ts";
import { installed } from "./apt.ts";
import { absent, content, directory } from "./file.ts";
import { daemonReloaded, disabled, restarted, running } from "./systemd.ts";

/** In a container the clock belongs to the outer machine, and the unit would be skipped without a word; elsewhere there is nothing to do. */
function allowed(unit: string, text: string): Property<DebianLike> {
  const folder = `/etc/systemd/system/${unit}.service.d`;
  const path = `${folder}/slipway.conf`;
  return property(unit === timesyncd ? "time service may run here" : `${unit} may run here`, {
    on: debianLike,
    observe: {
      read: ["sh", "-c", 'systemd-detect-virt --container; cat "$1"', "sh", path],
      reads: [`file:${path}`],
      parse: (stdout) => ({ container: !stdout.startsWith("none"), done: stdout.endsWith(text) }),
    },
    plan: (seen) =>
      !seen.container || seen.done
        ? []
        : [["mkdir", "-p", folder], { path, content: text, mode: "0644", owner: "root", group: "root" }],
    writes: [`file:${path}`],
  }).onChange(daemonReloaded);
}

const timesyncd = "systemd-timesyncd";

/** The clock is kept right over NTP by systemd-timesyncd, now and after a reboot. */
export const synchronised: Property<DebianLike> = running(timesyncd)
  .requires(
    allowed(timesyncd, "[Unit]\nConditionVirtualization=\nConditionCapability=\n").requires(installed(timesyncd)),
  )
  .describe("clock is synchronised");

function checked(names: readonly string[]): readonly string[] {
  for (const name of names)
    if (!/^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?$/.test(name))
      throw fail("config.bad-argument", `"${name}" is not a time server`);
  return names;
}

const drop = "/etc/systemd/timesyncd.conf.d";

/** The clock is kept right by systemd-timesyncd from these servers alone. Its opposite leaves it to the distribution's. */
export function servers(...names: readonly string[]): Revertable<DebianLike> {
  const path = `${drop}/slipway.conf`;
  // Without a fallback of ours, also with an empty one, those that are built in come after ours.
  if (names.length === 0) throw fail("config.bad-argument", "a clock needs a time server");
  const list = checked(names).join(" ");
  const text = `[Time]\nNTP=${list}\nFallbackNTP=${list}\n`;
  const settings = content(path, text).requires(directory(drop)).onChange(restarted(timesyncd));
  return revertable(
    all(`clock follows ${names.join(", ")}`, [settings.requires(installed(timesyncd)), synchronised]),
    absent(path).onChange(restarted(timesyncd)).describe("clock follows the distribution's servers"),
  );
}

export interface ChronyOptions {
  /** Servers. Default: none, then there is a pool. */
  readonly servers?: readonly string[];
  /** Names with many servers each. Default: the distribution's pool, unless there are servers. */
  readonly pools?: readonly string[];
  /** The servers prove who they are by NTS, RFC 8915. */
  readonly nts?: boolean;
}

const chronyFile = "/etc/chrony/chrony.conf";

const chronyText = (servers: readonly string[], pools: readonly string[], how: string): string => `# Managed by Slipway.
${servers.map((name) => `server ${name} ${how}\n`).join("")}${pools.map((name) => `pool ${name} ${how}\n`).join("")}keyfile /etc/chrony/chrony.keys
driftfile /var/lib/chrony/chrony.drift
ntsdumpdir /var/lib/chrony
logdir /var/log/chrony
maxupdateskew 100.0
rtcsync
makestep 1 3
# No other host is served.
port 0
`;

/** The clock is kept right by chrony, which takes the place of systemd-timesyncd: it contradicts {@link synchronised} and {@link servers}. */
export function chrony(options: ChronyOptions = {}): Property<DebianLike> {
  const from = checked(options.servers ?? []);
  const pools = checked(options.pools ?? []);
  const needsPool = from.length === 0 && options.pools === undefined;
  if (!needsPool && from.length + pools.length === 0) throw fail("config.bad-argument", "a clock needs a time server");
  const how = options.nts === true ? "iburst nts" : "iburst";
  const settingsWith = (pool: string) =>
    content(chronyFile, chronyText(from, needsPool ? [pool] : pools, how), {
      validate: ["chronyd", "-p", "-f", "{}"],
    })
      .requires(installed("chrony"))
      .onChange(restarted("chrony"));
  const settings = perOs(`${chronyFile} has its content`, {
    debian: settingsWith("2.debian.pool.ntp.org"),
    ubuntu: settingsWith("ntp.ubuntu.com"),
  });
  const unit = "[Unit]\nConditionCapability=\n[Service]\nExecStart=\nExecStart=!/usr/sbin/chronyd $DAEMON_OPTS -x\n";
  return running("chrony")
    .requires(all("chrony is set up", [settings, allowed("chrony", unit).requires(installed("chrony"))]))
    .requires(disabled(timesyncd))
    .describe("clock is synchronised by chrony");
}
