import { z } from "zod";
import { actOnce } from "./act.ts";
import { type Api, path } from "./call.ts";
import { type Action, action, dropletRef, regionRef } from "./shapes.ts";

export const reservedIp = z.object({
  ip: z.string(),
  region: regionRef.optional(),
  /** Id of the droplet that it leads to. */
  droplet: dropletRef,
  locked: z.boolean().optional(),
  project_id: z.string().nullish(),
});
export type ReservedIp = z.infer<typeof reservedIp>;

export type NewReservedIp = { readonly droplet_id: number } | { readonly region: string; readonly project_id?: string };
export type ReservedIpAct = { readonly type: "assign"; readonly droplet_id: number } | { readonly type: "unassign" };

/** IPv4. Floating IPs are the same addresses by their older name. */
const callsAt = (root: string, many: string, one: string) => (api: Api) => {
  const list = (): Promise<ReservedIp[]> => api.every(root, many, reservedIp);
  const given = new Set<string>();
  return {
    list,
    get: (ip: string) => api.one("GET", `${root}/${encodeURIComponent(ip)}`, one, reservedIp),
    /** After a lost answer it is known by its droplet, or as the region's address that is new and leads nowhere. */
    async create(asked: NewReservedIp): Promise<ReservedIp> {
      const before = new Set("region" in asked ? (await list()).map(({ ip }) => ip) : []);
      const made = await api.once(
        () => api.one("POST", root, one, reservedIp, { body: asked }),
        async () => {
          const found = (await list()).find((address) =>
            "region" in asked
              ? address.droplet === undefined &&
                address.region?.slug === asked.region &&
                !before.has(address.ip) &&
                !given.has(address.ip)
              : address.droplet === asked.droplet_id,
          );
          if (found !== undefined) given.add(found.ip);
          return found;
        },
      );
      given.add(made.ip);
      return made;
    },
    remove: (ip: string) => api.remove(`${root}/${encodeURIComponent(ip)}`),
    actions: (ip: string) => api.short(`${root}/${encodeURIComponent(ip)}/actions`, "actions", action),
    action: (ip: string, actionId: number) =>
      api.one("GET", `${root}/${encodeURIComponent(ip)}/actions/${actionId}`, "action", action),
    act: (ip: string, asked: ReservedIpAct): Promise<Action> =>
      actOnce(api, `${root}/${encodeURIComponent(ip)}/actions`, asked, api.short),
  };
};

export const reservedIpCalls = callsAt("/v2/reserved_ips", "reserved_ips", "reserved_ip");
export const floatingIpCalls = callsAt("/v2/floating_ips", "floating_ips", "floating_ip");

/** A new one leads nowhere, and does not say so. */
const newReservedIpv6 = z.object({
  ip: z.string(),
  region_slug: z.string().nullish(),
  reserved_at: z.string().nullish(),
});
export const reservedIpv6 = newReservedIpv6.extend({
  /** Id of the droplet that it leads to. */
  droplet: dropletRef,
});
export type ReservedIpv6 = z.infer<typeof reservedIpv6>;

export const reservedIpv6Calls = (api: Api) => {
  const list = (): Promise<ReservedIpv6[]> => api.every("/v2/reserved_ipv6", "reserved_ipv6s", reservedIpv6);
  const given = new Set<string>();
  return {
    list,
    get: (ip: string) => api.one("GET", path`/v2/reserved_ipv6/${ip}`, "reserved_ipv6", reservedIpv6),
    /** After a lost answer it is known as the region's address that is new and leads nowhere. */
    async create(region: string): Promise<ReservedIpv6> {
      const before = new Set((await list()).map(({ ip }) => ip));
      const made = await api.once(
        async () => ({
          ...(await api.one("POST", "/v2/reserved_ipv6", "reserved_ipv6", newReservedIpv6, {
            body: { region_slug: region },
          })),
          droplet: undefined,
        }),
        async () => {
          const found = (await list()).find(
            ({ ip, region_slug, droplet }) =>
              droplet === undefined && region_slug === region && !before.has(ip) && !given.has(ip),
          );
          if (found !== undefined) given.add(found.ip);
          return found;
        },
      );
      given.add(made.ip);
      return made;
    },
    remove: (ip: string) => api.remove(path`/v2/reserved_ipv6/${ip}`),
    /** There is no list of these actions; after a lost answer it is asked for again, which changes nothing. */
    act: (ip: string, asked: ReservedIpAct): Promise<Action> =>
      api.one("POST", path`/v2/reserved_ipv6/${ip}/actions`, "action", action, { body: asked, repeatable: true }),
  };
};
