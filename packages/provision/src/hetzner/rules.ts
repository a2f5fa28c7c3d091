import { everyMachine, type FirewallRule, type SeenMachine } from "../resource.ts";
import type { Rule } from "./shapes.ts";

// Hetzner's rules know networks only. A rule for machines of the stack has their addresses for its networks, and their names in its description.

const start = "machines: ";
/** In documentation only: a rule may not be without any network, and this one is nobody's. */
const nobody = "192.0.2.1/32";
const everywhere = ["0.0.0.0/0", "::/0"];

export type Machines = readonly Pick<SeenMachine, "name" | "address" | "privateAddress">[];

const networksOf = (names: readonly string[], machines: Machines): readonly string[] =>
  machines
    .filter((one) => names.includes(everyMachine) || names.some((name) => name.toLowerCase() === one.name))
    .flatMap((one) => [one.address, one.privateAddress])
    .filter((address) => address !== "")
    .map((address) => `${address}/32`)
    .sort();

interface Rules {
  readonly inbound: readonly FirewallRule[];
  readonly outbound: readonly FirewallRule[];
}

const isAll = (rule: FirewallRule): boolean =>
  rule.machines.length === 0 &&
  (rule.protocol === "icmp" || rule.ports === "all") &&
  [...rule.addresses].sort().join(" ") === everywhere.join(" ");

/** Without a rule about what goes out, all goes out; that is asked for by a rule for each protocol. */
const allOut = (rules: readonly FirewallRule[]): boolean =>
  rules.length === 3 && rules.every(isAll) && new Set(rules.map((rule) => rule.protocol)).size === 3;

function rule(
  direction: Rule["direction"],
  { protocol, ports }: Pick<FirewallRule, "protocol" | "ports">,
  given: readonly string[],
  description: string | null,
): Rule {
  const networks = given.length === 0 ? [nobody] : [...given];
  return {
    direction,
    protocol,
    port: protocol === "icmp" ? null : ports === "all" ? "any" : ports,
    source_ips: direction === "in" ? networks : [],
    destination_ips: direction === "out" ? networks : [],
    description,
  };
}

/** The rules as Hetzner takes them, with the addresses that the machines have now. Pure. */
export function rulesOf(wanted: Rules, machines: Machines): readonly Rule[] {
  const of = (direction: Rule["direction"], one: FirewallRule): readonly Rule[] => [
    ...(one.addresses.length > 0 ? [rule(direction, one, one.addresses, null)] : []),
    ...(one.machines.length > 0
      ? [rule(direction, one, networksOf(one.machines, machines), `${start}${one.machines.join(" ")}`)]
      : []),
  ];
  const inbound = wanted.inbound.flatMap((one) => of("in", one));
  if (allOut(wanted.outbound)) return inbound;
  const outbound = wanted.outbound.flatMap((one) => of("out", one));
  // One rule that lets nothing through is what closes the rest.
  return [
    ...inbound,
    ...(outbound.length > 0 ? outbound : [rule("out", { protocol: "icmp", ports: "all" }, [], null)]),
  ];
}

const namesIn = ({ description }: Rule): readonly string[] =>
  description?.startsWith(start) === true ? description.slice(start.length).split(" ") : [];

const networksIn = ({ direction, source_ips, destination_ips }: Rule): readonly string[] =>
  ((direction === "in" ? source_ips : destination_ips) ?? []).filter((network) => network !== nobody);

/** The same rules with the addresses that the machines have now; undefined when those are the ones they have. Pure. */
export function refreshed(rules: readonly Rule[], machines: Machines): readonly Rule[] | undefined {
  let changed = false;
  const next = rules.map((one) => {
    const names = namesIn(one);
    if (names.length === 0) return one;
    const networks = networksOf(names, machines);
    if ([...networksIn(one)].sort().join(" ") === networks.join(" ")) return one;
    changed = true;
    const listed = networks.length === 0 ? [nobody] : [...networks];
    return one.direction === "in" ? { ...one, source_ips: listed } : { ...one, destination_ips: listed };
  });
  return changed ? next : undefined;
}

/** The rules as they stand. Machines count as named only while all their addresses are let through, and nobody else's. Pure. */
export function seenRules(rules: readonly Rule[], machines: Machines): Rules {
  const merged = (direction: Rule["direction"]): readonly FirewallRule[] => {
    const byPorts = new Map<string, FirewallRule>();
    for (const one of rules.filter((each) => each.direction === direction)) {
      const protocol = one.protocol === "udp" || one.protocol === "icmp" ? one.protocol : "tcp";
      const ports = protocol === "icmp" || one.port === "any" ? "all" : (one.port ?? "all");
      const names = namesIn(one);
      const networks = networksIn(one);
      const current = networksOf(names, machines);
      const addresses = networks.filter((network) => names.length === 0 || !current.includes(network));
      const named = current.every((network) => networks.includes(network)) ? names : [];
      const before = byPorts.get(`${protocol} ${ports}`) ?? { protocol, ports, addresses: [], machines: [] };
      byPorts.set(`${protocol} ${ports}`, {
        ...before,
        addresses: [...before.addresses, ...addresses],
        machines: [...before.machines, ...named],
      });
    }
    return [...byPorts.values()].filter((one) => one.addresses.length + one.machines.length > 0);
  };
  const inbound = merged("in");
  if (rules.some((one) => one.direction === "out")) return { inbound, outbound: merged("out") };
  const all = { ports: "all", addresses: everywhere, machines: [] };
  const protocols = ["tcp", "udp", "icmp"] as const;
  return { inbound, outbound: protocols.map((protocol) => ({ protocol, ...all })) };
}
