import {
  all,
  type DebianLike,
  type Property,
  type Revertable,
  revertable,
  type Secret,
  SecretText,
  secretText,
} from "@slipway/model";
import { fail } from "../errors.ts";
import { packages } from "../facts/packages.ts";
import * as apt from "./apt.ts";
import { content } from "./file.ts";
import { disabled, restarted, running } from "./systemd.ts";

export interface CollectdOptions {
  /** Seconds between two readings. Default 10. */
  readonly every?: number;
  /** What is read. Default: cpu, df, disk, interface, load, memory, swap, uptime. */
  readonly reads?: Reads;
  /** Where to: at least one. */
  readonly to: readonly Target[];
}

export interface Reads {
  /** Share of time by state, over all CPUs. */
  readonly cpu?: boolean;
  readonly load?: boolean;
  readonly memory?: boolean;
  readonly swap?: boolean;
  readonly uptime?: boolean;
  /** Names of disks such as `sda`, or all. */
  readonly disk?: boolean | readonly string[];
  /** Mount points, or all real file systems. Shares, not bytes alone. */
  readonly df?: boolean | readonly string[];
  /** Names of network interfaces, or all but `lo`. */
  readonly interface?: boolean | readonly string[];
  /** Names of processes that are counted one by one. */
  readonly processes?: boolean | readonly string[];
}

export type Target =
  | {
      readonly type: "riemann";
      readonly server: string;
      /** Default 5555. */
      readonly port?: number;
      /** Default tcp: nothing is lost without a word. */
      readonly protocol?: "tcp" | "udp";
      /** Seconds that an event counts, as a factor of `every`. Default 2. */
      readonly ttlFactor?: number;
      readonly tags?: readonly string[];
    }
  | {
      readonly type: "network";
      readonly server: string;
      /** Default 25826. */
      readonly port?: number;
      /** Signs and encrypts what is sent; otherwise it travels in the clear. */
      readonly login?: { readonly user: string; readonly password: Secret };
    };

const everything: Reads = {
  cpu: true,
  df: true,
  disk: true,
  interface: true,
  load: true,
  memory: true,
  swap: true,
  uptime: true,
};

const path = "/etc/collectd/collectd.conf";

// `collectd -t` of version 5.12 takes everything. `-T` loads the plugins and reads once; it tells of settings that it does not know, but
// takes them. A reading that fails is no fault of the settings. Nothing is sent: the server is this host.
const tried = `c=$(mktemp -p /run)
trap 'rm -f "$c"' EXIT
sed '/^LoadPlugin syslog$/d; s/^    Host ".*"$/    Host "127.0.0.1"/; s/^  \\(<*Server\\) "[^"]*"/  \\1 "127.0.0.1"/' "$1" >"$c"
o=$(collectd -T -C "$c" 2>&1)
w=$(printf '%s\\n' "$o" | grep -iE 'parsing the config file failed|unknown|not understand')
[ -z "$w" ] || { printf '%s\\n' "$o" >&2; exit 1; }`;

/** collectd reads the host's measurements and sends them, to a Riemann server or to another collectd. Its opposite stops it. */
export function sends(options: CollectdOptions): Revertable<DebianLike> {
  const settings = content(path, text(options), { mode: "0640", validate: ["sh", "-c", tried, "sh", "{}"] })
    .requires(apt.installed("collectd-core", ...libraries(options)))
    .onChange(restarted("collectd"));
  const where = options.to.map((one) => one.server).join(", ");
  const present: Property<DebianLike> = running("collectd").requires(settings).describe(`collectd sends to ${where}`);
  return revertable(present, all(`collectd does not send to ${where}`, [disabled("collectd").when(withCollectd)]));
}

const withCollectd = {
  title: "collectd is installed",
  observe: packages("collectd-core"),
  holds: (seen: ReadonlyMap<string, string>) => seen.has("collectd-core"),
} as const;

/** Plugins are built against libraries that collectd-core only suggests. */
const libraries = ({ to }: CollectdOptions): readonly string[] => [
  ...new Set(to.map((one) => (one.type === "riemann" ? "libriemann-client0" : "libgcrypt20"))),
];

const quoted = (value: string): string => {
  if (/["\\\u0000-\u001f]/.test(value))
    throw fail("config.bad-argument", `${JSON.stringify(value)} cannot stand in collectd's settings`);
  return `"${value}"`;
};

function text({ every = 10, reads = everything, to }: CollectdOptions): string | SecretText {
  if (!(Number.isFinite(every) && every >= 1))
    throw fail("config.bad-argument", `collectd cannot read every ${every} seconds`);
  if (to.length === 0) throw fail("config.bad-argument", "collectd needs somewhere to send to");
  const plugins = Object.entries(reads).filter(([, on]) => on !== false && on !== undefined);
  if (plugins.length === 0) throw fail("config.bad-argument", "collectd has nothing to read");
  const parts: (string | Secret)[] = [
    "# Managed by Slipway.\n",
    "FQDNLookup false\n",
    `Interval ${every}\n`,
    "LoadPlugin syslog\n",
    ...plugins.map(([name]) => `LoadPlugin ${name}\n`),
    ...plugins.map(([name, on]) => readerText(name, on)),
    ...[...new Set(to.map((one) => one.type))].map((type) => `LoadPlugin ${plugin(type)}\n`),
  ];
  to.forEach((one, index) => void parts.push(...targetText(one, index, every).parts));
  return parts.every((part) => typeof part === "string") ? parts.join("") : new SecretText(parts);
}

const plugin = (type: Target["type"]): string => (type === "riemann" ? "write_riemann" : "network");

function readerText(name: string, on: unknown): string {
  const chosen = Array.isArray(on) ? on.map(String) : [];
  const lines = readerLines(name, chosen);
  return lines.length === 0 ? "" : `<Plugin ${name}>\n${lines.map((line) => `  ${line}\n`).join("")}</Plugin>\n`;
}

function readerLines(name: string, chosen: readonly string[]): readonly string[] {
  const each = (key: string): readonly string[] => chosen.map((one) => `${key} ${quoted(one)}`);
  switch (name) {
    case "cpu":
      return ["ReportByCpu false", "ValuesPercentage true"];
    case "memory":
    case "swap":
      return ["ValuesAbsolute true", "ValuesPercentage true"];
    case "df":
      return chosen.length > 0
        ? [...each("MountPoint"), "IgnoreSelected false", "ValuesPercentage true"]
        : [
            ...["tmpfs", "devtmpfs", "overlay", "squashfs", "nsfs"].map((type) => `FSType "${type}"`),
            "IgnoreSelected true",
            "ValuesPercentage true",
          ];
    case "disk":
      return chosen.length > 0 ? [...each("Disk"), "IgnoreSelected false"] : [];
    case "interface":
      return chosen.length > 0
        ? [...each("Interface"), "IgnoreSelected false"]
        : ['Interface "lo"', 'Interface "/^veth/"', "IgnoreSelected true"];
    case "processes":
      return each("Process");
    default:
      return [];
  }
}

function targetText(to: Target, index: number, every: number): SecretText {
  if (!/^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?$/.test(to.server))
    throw fail("config.bad-argument", `"${to.server}" is not a server that collectd can send to`);
  const port = to.port ?? (to.type === "riemann" ? 5555 : 25826);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw fail("config.bad-argument", `${port} is not a port of ${to.server}`);
  if (to.type === "riemann") {
    return secretText`<Plugin write_riemann>
  <Node "to-${index}">
    Host ${quoted(to.server)}
    Port ${port}
    Protocol ${(to.protocol ?? "tcp").toUpperCase()}
    Batch ${to.protocol === "udp" ? "false" : "true"}
    BatchFlushTimeout ${every}
    StoreRates true
    AlwaysAppendDS false
    TTLFactor ${(to.ttlFactor ?? 2).toFixed(1)}
  </Node>
${(to.tags ?? []).map((tag) => `  Tag ${quoted(tag)}\n`).join("")}</Plugin>
`;
  }
  const { login } = to;
  return login === undefined
    ? secretText`<Plugin network>
  Server ${quoted(to.server)} "${port}"
</Plugin>
`
    : secretText`<Plugin network>
  <Server ${quoted(to.server)} "${port}">
    SecurityLevel Encrypt
    Username ${quoted(login.user)}
    Password "${login.password}"
  </Server>
</Plugin>
`;
}
