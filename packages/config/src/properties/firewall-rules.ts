import { isIP } from "node:net";
import { fail } from "../errors.ts";
import { checkedNetwork } from "../text/names.ts";

/** A port with more said about it than its number. */
export interface PortRule {
  readonly port: number;
  /** Default tcp. */
  readonly protocol?: "tcp" | "udp";
  /** Addresses and networks that may connect. Default: everybody. */
  readonly from?: readonly string[];
  /** New connections a minute from each address; more are dropped. Not together with `from`. */
  readonly perMinute?: number;
}

/** A TCP port, a UDP port written `"5555/udp"`, or a port with more said about it. */
export type Port = number | `${number}/udp` | PortRule;

/** What is let in, in the order of the rules. */
export interface Opening {
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  /** One address or network; undefined is everybody. */
  readonly from?: string;
  readonly perMinute?: number;
}

/** Throws `config.bad-argument`. */
export function openingsOf(ports: readonly Port[]): readonly Opening[] {
  const openings = ports.flatMap((given): readonly Opening[] => {
    const rule: PortRule =
      typeof given === "number"
        ? { port: given }
        : typeof given === "string"
          ? { port: Number(given.slice(0, -4)), protocol: "udp" }
          : given;
    const { port, protocol = "tcp", from, perMinute } = rule;
    const shown = typeof given === "object" ? given.port : given;
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw fail("config.bad-argument", `${shown} is not a port`);
    if (perMinute !== undefined && !(Number.isInteger(perMinute) && perMinute > 0 && from === undefined))
      throw fail("config.bad-argument", `perMinute of port ${shown} is a whole number, and for everybody`);
    if (from === undefined) return [{ port, protocol, ...(perMinute === undefined ? {} : { perMinute }) }];
    if (from.length === 0) throw fail("config.bad-argument", `port ${shown} is open to nobody: leave it out`);
    return from.map((network) => ({ port, protocol, from: checkedNetwork(network) }));
  });
  const seen = new Map(openings.map((one) => [JSON.stringify(one), one]));
  return [...seen.values()];
}

const family = (network: string): "ip" | "ip6" => (isIP(network.split("/")[0] ?? "") === 6 ? "ip6" : "ip");

// 1 and 58 are ICMP for IPv4 and IPv6: names would need /etc/protocols, which small hosts lack.
const always = [
  "ct state established,related accept",
  "ct state invalid drop",
  'iifname "lo" accept',
  "meta l4proto { 1, 58 } accept",
];

/** The rules of the input chain, and the sets that count for limits. */
export function rulesOf(openings: readonly Opening[]): {
  readonly sets: readonly string[];
  readonly rules: readonly string[];
} {
  const sets: string[] = [];
  const limits = openings.filter((one) => one.perMinute !== undefined);
  const limited = limits.flatMap(({ port, protocol, perMinute }) =>
    (["ip", "ip6"] as const).map((ip) => {
      const set = `${protocol}_${port}_${ip}`;
      sets.push(
        `set ${set} { type ${ip === "ip" ? "ipv4_addr" : "ipv6_addr"}; size 65535; flags dynamic,timeout; timeout 1m; }`,
      );
      return `${protocol} dport ${port} ct state new update @${set} { ${ip} saddr limit rate over ${perMinute}/minute } drop`;
    }),
  );
  const sources = [...new Set(openings.map(({ from = "" }) => from))].sort();
  const open = sources.flatMap((from) =>
    (["tcp", "udp"] as const).flatMap((protocol) => {
      const here = openings.filter((one) => (one.from ?? "") === from && one.protocol === protocol);
      const list = [...new Set(here.map((one) => one.port))].sort((a, b) => a - b).join(", ");
      const source = from === "" ? "" : `${family(from)} saddr ${from} `;
      return list === "" ? [] : [`${source}${protocol} dport { ${list} } accept`];
    }),
  );
  return { sets, rules: [...always, ...limited, ...open] };
}

/** The whole ruleset: one transaction that replaces our table and touches no other, so Docker's stay. */
export function rulesetOf(openings: readonly Opening[]): string {
  const { sets, rules } = rulesOf(openings);
  return `table inet slipway
delete table inet slipway
table inet slipway {
${sets.map((set) => `\t${set}\n`).join("")}	chain input {
		type filter hook input priority filter; policy drop;
${rules.map((rule) => `\t\t${rule}`).join("\n")}
	}
}
`;
}

/** The live table: whether it drops what no rule takes, and its rules in one spelling. */
export interface LiveTable {
  readonly drops: boolean;
  readonly rules: readonly string[];
}

const numbered: Readonly<Record<string, string>> = { icmp: "1", "ipv6-icmp": "58" };

/** One spelling of a rule, however this version of nft orders, brackets and names: a set is its elements, sorted. */
export const spelled = (rule: string): string =>
  rule
    .trim()
    .replace(/ burst \d+ packets/g, "")
    .replace(/\{ ([\w, -]+) \}/g, (_, list: string) => list.replaceAll(" ", ""))
    .replace(/[\w-]+(?:,[\w-]+)+/g, (list) =>
      list
        .split(",")
        .map((one) => numbered[one] ?? one)
        .sort()
        .join(","),
    );

/** Reads what `nft -t list table inet slipway` prints. */
export function parseTable(stdout: string): LiveTable {
  const lines = stdout.split("\n").map((line) => line.trim());
  return {
    drops: lines.some((line) => /^type filter hook input priority (filter|0); policy drop;$/.test(line)),
    rules: lines.filter((line) => / (accept|drop|reject)( |$)/.test(line) && !line.includes("policy")).map(spelled),
  };
}
