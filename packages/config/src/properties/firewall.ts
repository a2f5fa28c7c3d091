import { type DebianLike, debianLike, type Property, property, type Revertable, revertable } from "@slipway/model";
import { fail } from "../errors.ts";
import { installed } from "./apt.ts";
import { content, directory } from "./file.ts";
import { running, unit } from "./systemd.ts";

/** A TCP port, or a UDP port written `"5555/udp"`. */
export type Port = number | `${number}/udp`;
/** Asks for 22 where the compiler can see the ports; `number` may be 22, so then the run-time check decides. */
type WithSsh<P extends readonly Port[]> = number extends P[number]
  ? unknown
  : 22 extends P[number]
    ? unknown
    : readonly [22, ...Port[]];

const ruleset = "/etc/slipway/firewall.nft";
// 1 and 58 are ICMP for IPv4 and IPv6: names would need /etc/protocols, which small hosts lack.
const rest = [
  "ct state established,related accept",
  "ct state invalid drop",
  'iifname "lo" accept',
  "meta l4proto { 1, 58 } accept",
];

/** The whole ruleset: one transaction that replaces our table and touches no other, so Docker's stay. */
export function rulesetOf(tcp: readonly number[], udp: readonly number[]): string {
  const rules = [...rest];
  if (tcp.length > 0) rules.push(`tcp dport { ${tcp.join(", ")} } accept`);
  if (udp.length > 0) rules.push(`udp dport { ${udp.join(", ")} } accept`);
  return `table inet slipway
delete table inet slipway
table inet slipway {
	chain input {
		type filter hook input priority filter; policy drop;
${rules.map((rule) => `\t\t${rule}`).join("\n")}
	}
}
`;
}

/** The live table as sets of words, however this version of nft orders and brackets them. */
export interface LiveTable {
  readonly drops: boolean;
  readonly tcp: readonly number[];
  readonly udp: readonly number[];
  readonly rules: number;
}

export function parseTable(stdout: string): LiveTable {
  const ports = (protocol: string): readonly number[] => {
    const match = new RegExp(`${protocol} dport (?:\\{ ([^}]*) \\}|(\\d+)) accept`).exec(stdout);
    return (match?.[1] ?? match?.[2] ?? "")
      .split(/[,\s]+/)
      .filter((one) => one !== "")
      .map(Number)
      .sort((a, b) => a - b);
  };
  const rules = stdout.split("\n").filter((line) => /(accept|drop)$/.test(line.trim())).length;
  return {
    drops: /hook input priority (filter|0); policy drop;/.test(stdout),
    tcp: ports("tcp"),
    udp: ports("udp"),
    rules,
  };
}

const same = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((one, index) => one === b[index]);

function closedBut(tcp: readonly number[], udp: readonly number[]): Revertable<DebianLike> {
  const rules = rest.length + (tcp.length > 0 ? 1 : 0) + (udp.length > 0 ? 1 : 0);
  const list = [...tcp.map(String), ...udp.map((port) => `${port}/udp`)].join(", ") || "nothing";
  const service = unit(
    "slipway-firewall.service",
    `[Unit]
Description=Firewall of this host
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f ${ruleset}

[Install]
WantedBy=sysinit.target
`,
  );
  const file = content(ruleset, rulesetOf(tcp, udp), { mode: "0600", validate: ["nft", "-c", "-f", "{}"] });
  const live = property(`firewall allows only ${list}`, {
    on: debianLike,
    about: "firewall",
    detail: [tcp, udp],
    observe: { read: ["nft", "list", "table", "inet", "slipway"], reads: ["firewall"], parse: parseTable },
    plan: (seen) =>
      seen.drops && same(seen.tcp, tcp) && same(seen.udp, udp) && seen.rules === rules ? [] : [["nft", "-f", ruleset]],
    writes: ["firewall"],
  });
  const ready = file.requires(installed("nftables")).requires(directory("/etc/slipway"));
  const boot = running("slipway-firewall").requires(service.requires(ready));
  const off = property("firewall is off", {
    on: debianLike,
    about: "firewall",
    detail: "off",
    observe: {
      read: ["sh", "-c", `nft list table inet slipway; ls "$1"`, "sh", ruleset],
      reads: ["firewall", `file:${ruleset}`],
      parse: (stdout) => stdout.trim() !== "",
    },
    plan: (present) =>
      present ? [["sh", "-c", 'nft delete table inet slipway 2>/dev/null; rm -f -- "$1"', "sh", ruleset]] : [],
    writes: ["firewall", `file:${ruleset}`],
  });
  return revertable(
    live.requires(boot).describe(`firewall allows only ${list}`),
    off.requires(service.opposite).describe("firewall is off"),
  );
}

function split(ports: readonly Port[]): readonly [tcp: readonly number[], udp: readonly number[]] {
  const number = (port: Port): number => (typeof port === "number" ? port : Number(port.slice(0, -4)));
  for (const port of ports) {
    const value = number(port);
    if (!Number.isInteger(value) || value < 1 || value > 65_535)
      throw fail("config.bad-argument", `${port} is not a port`);
  }
  const sorted = (of: readonly Port[]): readonly number[] => [...new Set(of.map(number))].sort((a, b) => a - b);
  return [
    sorted(ports.filter((port) => typeof port === "number")),
    sorted(ports.filter((port) => typeof port === "string")),
  ];
}

/**
 * The host takes connections on these ports alone, from the next boot on too. What it sends itself, answers, ICMP and loopback pass.
 * Only our own nftables table is touched: Docker's rules and published ports stay Docker's. 22 must be among the ports.
 */
export function allowsOnly<const P extends readonly Port[]>(...ports: P & WithSsh<P>): Revertable<DebianLike> {
  const [tcp, udp] = split(ports);
  if (!tcp.includes(22))
    throw fail(
      "config.firewall-locks-out",
      `a firewall that allows only ${ports.join(", ")} closes SSH: the host could not be reached again`,
    );
  return closedBut(tcp, udp);
}

/** As {@link allowsOnly}, for a host that is reached otherwise than by SSH on port 22. */
export const allowsOnlyWithoutSsh = (...ports: readonly Port[]): Property<DebianLike> => closedBut(...split(ports));
