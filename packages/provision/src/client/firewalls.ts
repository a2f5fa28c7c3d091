import { z } from "zod";
import { type Api, path } from "./call.ts";
import { listOf, tagNames } from "./shapes.ts";

const target = z.object({
  addresses: listOf(z.string()),
  droplet_ids: listOf(z.int()),
  load_balancer_uids: listOf(z.string()),
  kubernetes_ids: listOf(z.string()),
  tags: tagNames,
});
/** `ports` is one, a range `8000-9000`, or `0` for all. */
const rule = z.object({ protocol: z.string(), ports: z.string() });
export const firewall = z.object({
  id: z.string(),
  name: z.string(),
  /** `waiting`, `succeeded`, `failed`. */
  status: z.string().optional(),
  created_at: z.string().optional(),
  pending_changes: listOf(
    z.object({ droplet_id: z.int().optional(), removing: z.boolean().optional(), status: z.string().optional() }),
  ),
  droplet_ids: listOf(z.int()),
  tags: tagNames,
  inbound_rules: listOf(rule.extend({ sources: target })),
  outbound_rules: listOf(rule.extend({ destinations: target })),
});
export type Firewall = z.infer<typeof firewall>;

export interface RuleTarget {
  readonly addresses?: readonly string[];
  readonly droplet_ids?: readonly number[];
  readonly load_balancer_uids?: readonly string[];
  readonly kubernetes_ids?: readonly string[];
  readonly tags?: readonly string[];
}
interface Rule {
  readonly protocol: "tcp" | "udp" | "icmp";
  readonly ports: string;
}
export interface FirewallRules {
  readonly inbound_rules?: readonly (Rule & { readonly sources: RuleTarget })[];
  readonly outbound_rules?: readonly (Rule & { readonly destinations: RuleTarget })[];
}
export interface NewFirewall extends FirewallRules {
  readonly name: string;
  readonly droplet_ids?: readonly number[];
  /** All droplets with one of these are behind it. */
  readonly tags?: readonly string[];
}

export const firewallCalls = (api: Api) => {
  const list = (): Promise<Firewall[]> => api.every("/v2/firewalls", "firewalls", firewall);
  return {
    list,
    get: (id: string) => api.one("GET", path`/v2/firewalls/${id}`, "firewall", firewall),
    /** Names are unique: after a lost answer it is known by its own. */
    create: (asked: NewFirewall) =>
      api.once(
        () => api.one("POST", "/v2/firewalls", "firewall", firewall, { body: asked }),
        async () => (await list()).find((one) => one.name === asked.name),
      ),
    /** Replaces all of it: what is left out is gone. */
    update: (id: string, asked: NewFirewall) =>
      api.one("PUT", path`/v2/firewalls/${id}`, "firewall", firewall, { body: asked }),
    remove: (id: string) => api.remove(path`/v2/firewalls/${id}`),
    addDroplets: (id: string, droplet_ids: readonly number[]) =>
      api.tell("POST", path`/v2/firewalls/${id}/droplets`, { body: { droplet_ids }, repeatable: true }),
    removeDroplets: (id: string, droplet_ids: readonly number[]) =>
      api.tell("DELETE", path`/v2/firewalls/${id}/droplets`, { body: { droplet_ids } }),
    addTags: (id: string, tags: readonly string[]) =>
      api.tell("POST", path`/v2/firewalls/${id}/tags`, { body: { tags }, repeatable: true }),
    removeTags: (id: string, tags: readonly string[]) =>
      api.tell("DELETE", path`/v2/firewalls/${id}/tags`, { body: { tags } }),
    addRules: (id: string, rules: FirewallRules) =>
      api.tell("POST", path`/v2/firewalls/${id}/rules`, { body: rules, repeatable: true }),
    removeRules: (id: string, rules: FirewallRules) =>
      api.tell("DELETE", path`/v2/firewalls/${id}/rules`, { body: rules }),
  };
};
