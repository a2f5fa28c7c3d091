import type { Firewall, NewFirewall, RuleTarget } from "../client/firewalls.ts";
import { madeByEither } from "../made-by-either.ts";
import { ownership } from "../owners.ts";
import type { Makes } from "../provider.ts";
import { everyMachine, type FirewallRule, type Seen, type WantedFirewall } from "../resource.ts";
import { firewallTag, hostOfTag, machineTag, stackTag } from "../tags.ts";
import { appeared, type Context } from "./context.ts";

// Firewalls have no tags of their own: the name says whose they are. A dot is in no name of a stack, so none is the beginning of another.
const prefix = (stack: string): string => `slipway-${stack}.`;

export function firewallOf(firewall: Firewall, stack: string, adopted?: string): Seen<"firewall"> {
  const [, owner] = /^slipway-([a-z0-9-]+)\./.exec(firewall.name) ?? [];
  const whose = ownership(owner === undefined ? [] : [owner], stack);
  return {
    kind: "firewall",
    name: whose.ours ? firewall.name.slice(prefix(stack).length) : (adopted ?? firewall.name),
    id: firewall.id,
    ...whose,
    dollarsMonthly: 0,
    machines: [],
    inbound: firewall.inbound_rules.flatMap((rule) => ruleOf(rule, rule.sources, stack)),
    outbound: firewall.outbound_rules.flatMap((rule) => ruleOf(rule, rule.destinations, stack)),
  };
}

interface Peers {
  readonly addresses: readonly string[];
  readonly tags: readonly string[];
  readonly droplet_ids: readonly number[];
  readonly load_balancer_uids: readonly string[];
  readonly kubernetes_ids: readonly string[];
}

interface RawRule {
  readonly protocol: string;
  readonly ports: string;
}

/** The API tells all ports in any of these ways, whichever they were asked for in. */
const allPorts: ReadonlySet<string> = new Set(["", "0", "all", "1-65535"]);
const protocolOf = ({ protocol }: RawRule): FirewallRule["protocol"] =>
  protocol === "udp" || protocol === "icmp" ? protocol : "tcp";
const portsOf = ({ ports }: RawRule): string => (allPorts.has(ports) ? "all" : ports);

/** What of a rule no file can say: it stays as it is. */
const foreign = ({ load_balancer_uids, kubernetes_ids }: Peers): RuleTarget => ({
  ...(load_balancer_uids.length > 0 && { load_balancer_uids }),
  ...(kubernetes_ids.length > 0 && { kubernetes_ids }),
});

/** A rule for nobody but load balancers and clusters is none of the file's. */
function ruleOf(rule: RawRule, peers: Peers, stack: string): readonly FirewallRule[] {
  const own = peers.addresses.length + peers.tags.length + peers.droplet_ids.length;
  if (own === 0 && Object.keys(foreign(peers)).length > 0) return [];
  const told = {
    protocol: protocolOf(rule),
    ports: portsOf(rule),
    addresses: peers.addresses,
    machines: [
      ...peers.tags.map((tag) =>
        tag.toLowerCase() === stackTag(stack) ? everyMachine : (hostOfTag(tag, stack) ?? `tag:${tag}`),
      ),
      ...peers.droplet_ids.map((id) => `droplet:${id}`),
    ],
  };
  return [told];
}

interface Target extends RawRule {
  readonly protocol: FirewallRule["protocol"];
  readonly to: RuleTarget;
}

/** The wanted rules, and with them the load balancers and clusters that those in the cloud name. */
function carried(wanted: readonly Target[], there: readonly (RawRule & { readonly peers: Peers })[]): Target[] {
  const rules = [...wanted];
  for (const rule of there) {
    const to = foreign(rule.peers);
    if (Object.keys(to).length === 0) continue;
    const shaped = shape({ protocol: protocolOf(rule), ports: portsOf(rule) });
    const at = rules.findIndex((one) => one.protocol === shaped.protocol && one.ports === shaped.ports);
    const same = rules[at];
    if (same === undefined) rules.push({ ...shaped, to });
    else rules[at] = { ...same, to: { ...same.to, ...to } };
  }
  return rules;
}

export function firewallsOf(context: Context, stack: string): Makes<"firewall"> {
  const { client } = context;
  const tagOf = (machine: string): string => (machine === everyMachine ? stackTag(stack) : machineTag(stack, machine));
  const targets = (rule: FirewallRule): RuleTarget => ({
    addresses: rule.addresses,
    ...(rule.machines.length > 0 && { tags: rule.machines.map(tagOf) }),
  });
  /** A change replaces all of a firewall, so what it holds besides, such as droplets that somebody put behind it, is said again. */
  const body = (wanted: WantedFirewall, there?: Firewall): NewFirewall => {
    const own = firewallTag(stack, wanted.name);
    const plain = (rules: readonly FirewallRule[]): Target[] =>
      rules.map((one) => ({ ...shape(one), to: targets(one) }));
    const inbound = there?.inbound_rules.map((rule) => ({ ...rule, peers: rule.sources })) ?? [];
    const outbound = there?.outbound_rules.map((rule) => ({ ...rule, peers: rule.destinations })) ?? [];
    const others = there?.tags.filter((tag) => tag.toLowerCase() !== own.toLowerCase()) ?? [];
    return {
      name: `${prefix(stack)}${wanted.name}`,
      ...(there !== undefined && there.droplet_ids.length > 0 && { droplet_ids: there.droplet_ids }),
      tags: [own, ...others],
      inbound_rules: carried(plain(wanted.inbound), inbound).map(({ to, ...rule }) => ({ ...rule, sources: to })),
      outbound_rules: carried(plain(wanted.outbound), outbound).map(({ to, ...rule }) => ({
        ...rule,
        destinations: to,
      })),
    };
  };
  /** A firewall can only name tags that exist. */
  const prepare = async (wanted: WantedFirewall): Promise<void> => {
    const machines = [...wanted.inbound, ...wanted.outbound].flatMap((rule) => rule.machines);
    for (const tag of new Set([firewallTag(stack, wanted.name), ...machines.map(tagOf)])) await client.tags.create(tag);
  };
  const found = async (name: string): Promise<Firewall | undefined> =>
    (await client.firewalls.list()).find((one) => one.name === `${prefix(stack)}${name}`);

  const change = async (id: string, wanted: WantedFirewall): Promise<void> => {
    await prepare(wanted);
    await client.firewalls.update(id, body(wanted, await client.firewalls.get(id)));
  };
  return {
    async create(wanted, _links, { begun }) {
      const theirs = (): Promise<Firewall | undefined> => found(wanted.name);
      const lost = begun ? await appeared(context, theirs) : undefined;
      if (lost === undefined) await prepare(wanted);
      const { made, own } = await madeByEither({
        lost,
        make: () => client.firewalls.create(body(wanted)),
        theirs: () => appeared(context, theirs),
      });
      if (lost !== undefined || !own) await change(made.id, wanted);
      return firewallOf(made, stack);
    },
    update: (seen, wanted) => change(seen.id, wanted),
    remove: (seen) => client.firewalls.remove(seen.id),
    // Its name and rules become those that are wanted, so that it is ours at one stroke.
    adopt: (seen, wanted) => change(seen.id, wanted),
  };
}

// Not "0", which not every way of asking takes.
const shape = ({ protocol, ports }: Pick<FirewallRule, "protocol" | "ports">): Omit<Target, "to"> => ({
  protocol,
  ports: protocol === "icmp" ? "0" : ports === "all" ? "1-65535" : ports,
});
