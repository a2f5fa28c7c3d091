import { readNetwork } from "../address.ts";
import type { V2Rule } from "./face.ts";
import { invalid } from "./refusal.ts";

/** A rule as Hetzner's API has it. */
export interface Rule {
  readonly direction: "in" | "out";
  readonly protocol: "tcp" | "udp" | "icmp";
  readonly port: string | null;
  readonly source_ips: readonly string[];
  readonly destination_ips: readonly string[];
  readonly description: string | null;
}

const everywhere = ["0.0.0.0/0", "::/0"];

/** Without a rule for it all that goes out is let through here, and nothing there. */
const allOut: readonly V2Rule[] = [
  { protocol: "tcp", ports: "0", destinations: { addresses: everywhere } },
  { protocol: "udp", ports: "0", destinations: { addresses: everywhere } },
  { protocol: "icmp", ports: "0", destinations: { addresses: everywhere } },
];

/** A rule as text, by which its description is found again. */
export const textOf = (rule: Omit<Rule, "description">): string =>
  [rule.direction, rule.protocol, rule.port ?? "", ...rule.source_ips, ...rule.destination_ips].join(" ");

function readRule(given: unknown): Rule {
  const rule = (given ?? {}) as Partial<Record<keyof Rule, unknown>>;
  const { direction, protocol, port } = rule;
  if (direction !== "in" && direction !== "out") throw invalid("rules", "direction must be in or out");
  if (protocol !== "tcp" && protocol !== "udp" && protocol !== "icmp")
    throw invalid("rules", `the local cloud does not filter protocol '${String(protocol)}'`);
  const ported = protocol !== "icmp";
  if (ported && !(typeof port === "string" && /^(any|\d{1,5}(-\d{1,5})?)$/.test(port)))
    throw invalid("rules", "port is needed: a number, a range or any");
  const ips = (value: unknown): readonly string[] =>
    (Array.isArray(value) ? value : []).map((ip: unknown) => {
      const network = readNetwork(ip);
      if (network === undefined) throw invalid("rules", `'${String(ip)}' is not a valid address or network`);
      return network;
    });
  const source_ips = ips(rule.source_ips);
  const destination_ips = ips(rule.destination_ips);
  if ((direction === "in" ? source_ips : destination_ips).length === 0)
    throw invalid("rules", `${direction === "in" ? "source_ips" : "destination_ips"} must not be empty`);
  return {
    direction,
    protocol,
    port: ported ? String(port) : null,
    source_ips: direction === "in" ? source_ips : [],
    destination_ips: direction === "out" ? destination_ips : [],
    description: typeof rule.description === "string" ? rule.description : null,
  };
}

export const readRules = (given: unknown): readonly Rule[] => (Array.isArray(given) ? given.map(readRule) : []);

/** The rules as the other API takes them. */
export function beneath(rules: readonly Rule[]): object {
  const ports = ({ port }: Rule): string => (port === null || port === "any" ? "0" : port);
  const out = rules.filter((rule) => rule.direction === "out");
  return {
    inbound_rules: rules
      .filter((rule) => rule.direction === "in")
      .map((rule) => ({ protocol: rule.protocol, ports: ports(rule), sources: { addresses: rule.source_ips } })),
    outbound_rules:
      out.length === 0
        ? allOut
        : out.map((rule) => ({
            protocol: rule.protocol,
            ports: ports(rule),
            destinations: { addresses: rule.destination_ips },
          })),
  };
}

/** The rules of the other API as Hetzner's. */
export function shown(
  firewall: { readonly inbound_rules: readonly V2Rule[]; readonly outbound_rules: readonly V2Rule[] },
  descriptions: Readonly<Record<string, string>>,
): readonly Rule[] {
  const rule = (direction: Rule["direction"], one: V2Rule): Rule => {
    const protocol = one.protocol as Rule["protocol"];
    const plain = {
      direction,
      protocol,
      port: protocol === "icmp" ? null : one.ports === "0" || one.ports === "all" ? "any" : one.ports,
      source_ips: one.sources?.addresses ?? [],
      destination_ips: one.destinations?.addresses ?? [],
    };
    return { ...plain, description: descriptions[textOf(plain)] ?? null };
  };
  return [
    ...firewall.inbound_rules.map((one) => rule("in", one)),
    ...(isAllOut(firewall.outbound_rules) ? [] : firewall.outbound_rules.map((one) => rule("out", one))),
  ];
}

function isAllOut(rules: readonly V2Rule[]): boolean {
  const text = (rule: V2Rule): string => {
    const ports = rule.ports === "all" || rule.protocol === "icmp" ? "0" : rule.ports;
    return `${rule.protocol} ${ports} ${[...(rule.destinations?.addresses ?? [])].sort().join(" ")}`;
  };
  const open = new Set(allOut.map(text));
  return rules.length === open.size && rules.every((rule) => open.has(text(rule)));
}
