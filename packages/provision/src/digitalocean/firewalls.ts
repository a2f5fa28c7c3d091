import type { Firewall, NewFirewall, RuleTarget } from "../client/firewalls.ts";
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
    inbound: firewall.inbound_rules.map((rule) => ruleOf(rule, rule.sources, stack)),
    outbound: firewall.outbound_rules.map((rule) => ruleOf(rule, rule.destinations, stack)),
  };
}

interface Peers {
  readonly addresses: readonly string[];
  readonly tags: readonly string[];
  readonly droplet_ids: readonly number[];
}

function ruleOf(
  rule: { readonly protocol: string; readonly ports: string },
  peers: Peers,
  stack: string,
): FirewallRule {
  const protocol = rule.protocol === "udp" || rule.protocol === "icmp" ? rule.protocol : "tcp";
  return {
    protocol,
    ports: rule.ports === "0" || rule.ports === "" ? "all" : rule.ports,
    addresses: peers.addresses,
    machines: [
      ...peers.tags.map((tag) =>
        tag.toLowerCase() === stackTag(stack) ? everyMachine : (hostOfTag(tag, stack) ?? `tag:${tag}`),
      ),
      ...peers.droplet_ids.map((id) => `droplet:${id}`),
    ],
  };
}

export function firewallsOf(context: Context, stack: string): Makes<"firewall"> {
  const { client } = context;
  const tagOf = (machine: string): string => (machine === everyMachine ? stackTag(stack) : machineTag(stack, machine));
  const targets = (rule: FirewallRule): RuleTarget => ({
    addresses: rule.addresses,
    ...(rule.machines.length > 0 && { tags: rule.machines.map(tagOf) }),
  });
  const body = (wanted: WantedFirewall): NewFirewall => ({
    name: `${prefix(stack)}${wanted.name}`,
    tags: [firewallTag(stack, wanted.name)],
    inbound_rules: wanted.inbound.map((rule) => ({ ...shape(rule), sources: targets(rule) })),
    outbound_rules: wanted.outbound.map((rule) => ({ ...shape(rule), destinations: targets(rule) })),
  });
  /** A firewall can only name tags that exist. */
  const prepare = async (wanted: WantedFirewall): Promise<void> => {
    const machines = [...wanted.inbound, ...wanted.outbound].flatMap((rule) => rule.machines);
    for (const tag of new Set([firewallTag(stack, wanted.name), ...machines.map(tagOf)])) await client.tags.create(tag);
  };
  const found = async (name: string): Promise<Firewall | undefined> =>
    (await client.firewalls.list()).find((one) => one.name === `${prefix(stack)}${name}`);

  const change = async (id: string, wanted: WantedFirewall): Promise<void> => {
    await prepare(wanted);
    await client.firewalls.update(id, body(wanted));
  };
  return {
    async create(wanted, _links, { begun }) {
      const lost = begun ? await appeared(context, () => found(wanted.name)) : undefined;
      if (lost !== undefined) {
        await change(lost.id, wanted);
        return firewallOf(lost, stack);
      }
      await prepare(wanted);
      return firewallOf(await client.firewalls.create(body(wanted)), stack);
    },
    update: (seen, wanted) => change(seen.id, wanted),
    remove: (seen) => client.firewalls.remove(seen.id),
    // Its name and rules become those that are wanted, so that it is ours at one stroke.
    adopt: (seen, wanted) => change(seen.id, wanted),
  };
}

const shape = (rule: FirewallRule): { readonly protocol: FirewallRule["protocol"]; readonly ports: string } => ({
  protocol: rule.protocol,
  ports: rule.protocol === "icmp" || rule.ports === "all" ? "0" : rule.ports,
});
