import { all, type DebianLike, debianLike, type Property, property, type Revertable, revertable } from "@slipway/model";
import { fail } from "../errors.ts";
import { checkedNetwork } from "../text/names.ts";
import { installed } from "./apt.ts";
import { absent, content, directory } from "./file.ts";
import { reloaded, running } from "./systemd.ts";

export interface JailOptions {
  /** A filter of fail2ban, such as `sshd` or `nginx-http-auth`. Default: the name of the jail. */
  readonly filter?: string;
  /** systemd unit whose journal is read. Either this or `log`. */
  readonly unit?: string;
  /** Path of a log file. */
  readonly log?: string;
  /** Ports that are closed to who is banned. Default: those that the filter's jail in jail.conf names. */
  readonly ports?: readonly number[];
  /** So many failures … Default 5. */
  readonly tries?: number;
  /** … within so many seconds. Default 600. */
  readonly within?: number;
  /** For so many seconds. Default 600. */
  readonly banned?: number;
  /** Addresses and networks that are never banned, besides this host's own. */
  readonly never?: readonly string[];
}

const folder = "/etc/fail2ban/jail.d";

// The whole configuration is tried in a copy. On a host without fail2ban yet it is the start of the service that tells.
const tried = `set -e
command -v fail2ban-client >/dev/null || exit 0
d=$(mktemp -d)
trap 'rm -rf "$d"' EXIT
cp -a /etc/fail2ban/. "$d"
cp -- "$1" "$d/jail.d/$2"
fail2ban-client -c "$d" -t`;

// Before the package: Debian 12 starts it with a jail for a log file that is not there, and so it would not start.
const base = content(`${folder}/00-slipway.local`, "[sshd]\nenabled = false\nbackend = systemd\n").requires(
  directory(folder),
);

const whole = (value: number | undefined, fallback: number): number => {
  if (value !== undefined && !(Number.isInteger(value) && value > 0))
    throw fail("config.bad-argument", `${value} is not a whole number for a jail of fail2ban`);
  return value ?? fallback;
};

const word = (text: string): string => {
  if (!/^[A-Za-z0-9/][A-Za-z0-9@._/*-]*$/.test(text))
    throw fail("config.bad-argument", `"${text}" is no word for a jail of fail2ban`);
  return text;
};

function jailText(name: string, options: JailOptions): string {
  const { filter, unit, log, ports, never = [] } = options;
  if ((unit === undefined) === (log === undefined))
    throw fail("config.bad-argument", `the jail ${name} reads the journal of a unit, or a log file`);
  const list = ports?.map((port) => {
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw fail("config.bad-argument", `${port} is not a port`);
    return port;
  });
  const lines = [
    `[${name}]`,
    "enabled = true",
    `filter = ${word(filter ?? name)}`,
    ...(unit === undefined
      ? ["backend = auto", `logpath = ${word(log ?? "")}`]
      : ["backend = systemd", `journalmatch = _SYSTEMD_UNIT=${word(unit)}`]),
    ...(list === undefined ? [] : [`port = ${list.join(",")}`]),
    "banaction = nftables-multiport",
    "banaction_allports = nftables-allports",
    `maxretry = ${whole(options.tries, 5)}`,
    `findtime = ${whole(options.within, 600)}`,
    `bantime = ${whole(options.banned, 600)}`,
    "ignoreself = true",
    ...(never.length === 0 ? [] : [`ignoreip = ${["127.0.0.0/8", "::1", ...never.map(checkedNetwork)].join(" ")}`]),
  ];
  return `${lines.join("\n")}\n`;
}

// systemd counts fail2ban as started before it answers.
const woken = `fail2ban-client --timeout 20 ping >/dev/null || exit
fail2ban-client status "$1" >/dev/null 2>&1 || fail2ban-client reload`;

/** The jail runs: fail2ban says so itself. */
const inForce = (name: string): Property<DebianLike> =>
  property(`fail2ban has the jail ${name}`, {
    on: debianLike,
    about: `fail2ban jail:${name}`,
    observe: {
      read: ["fail2ban-client", "status"],
      reads: ["unit:fail2ban.service", `file:${folder}/*`],
      parse: (stdout) =>
        (/Jail list:(.*)/.exec(stdout)?.[1] ?? "")
          .split(",")
          .map((one) => one.trim())
          .includes(name),
    },
    plan: (there) => (there ? [] : [["sh", "-c", woken, "sh", name]]),
    writes: ["unit:fail2ban.service"],
  });

/**
 * Who fails too often is banned for a while: a jail of fail2ban, which bans by nftables. The configuration is tried before it is installed.
 * Throws `config.bad-argument`.
 */
export function jail(name: string, options: JailOptions): Revertable<DebianLike> {
  if (!/^[a-z][a-z0-9_-]{0,25}$/i.test(name)) throw fail("config.bad-argument", `"${name}" is not the name of a jail`);
  const file = `slipway-${name}.local`;
  const path = `${folder}/${file}`;
  const text = content(path, jailText(name, options), { validate: ["sh", "-c", tried, "sh", "{}", file] })
    .requires(base)
    // A fail2ban that runs already refuses to reload a jail whose journal it cannot read.
    .requires(installed("nftables", "python3-systemd"))
    .onChange(reloaded("fail2ban"));
  const serving = running("fail2ban").requires(installed("fail2ban").requires(text));
  const gone = absent(path).onChange(reloaded("fail2ban")).describe(`fail2ban has no jail ${name}`);
  return revertable(all(`fail2ban watches ${name}`, [text, inForce(name).requires(serving)]), gone);
}

export interface SshdJailOptions extends Pick<JailOptions, "tries" | "within" | "banned" | "never"> {
  /** Ports of sshd. Default 22. */
  readonly ports?: readonly number[];
}

/** Who fails to log in by SSH too often is banned for a while. It reads the journal, so no other log is needed. */
export const sshd = (options: SshdJailOptions = {}): Revertable<DebianLike> =>
  jail("sshd", { ports: [22], unit: "ssh.service", ...options });
