import { z } from "zod";
import { type Api, path } from "./call.ts";
import { firewall } from "./firewalls.ts";
import { image } from "./images.ts";
import { listOf, regionRef, tagNames } from "./shapes.ts";
import { dropletSnapshot } from "./snapshots.ts";

/** `gateway` of a private interface is null, or the word `nil`. */
const gateway = z
  .string()
  .nullish()
  .transform((text) => (text === "nil" ? undefined : (text ?? undefined)))
  .optional();
const v4 = z.object({ ip_address: z.string(), netmask: z.string().nullish(), gateway, type: z.string() });
const v6 = z.object({ ip_address: z.string(), netmask: z.int().nullish(), gateway, type: z.string() });

export const droplet = z.object({
  id: z.int(),
  name: z.string(),
  /** MB. */
  memory: z.int().optional(),
  vcpus: z.int().optional(),
  /** GB. */
  disk: z.int().optional(),
  locked: z.boolean().optional(),
  /** `new`, `active`, `off`, `archive`. */
  status: z.string(),
  created_at: z.string(),
  features: listOf(z.string()),
  backup_ids: listOf(z.int()),
  /** When the next backup begins; ISO times. */
  next_backup_window: z.object({ start: z.string(), end: z.string() }).partial().nullish(),
  snapshot_ids: listOf(z.int()),
  volume_ids: listOf(z.string()),
  size: z.object({ price_monthly: z.number() }).optional(),
  size_slug: z.string(),
  region: regionRef,
  image: image.pick({ slug: true, name: true, distribution: true }).extend({ id: z.int().optional() }),
  tags: tagNames,
  networks: z.object({ v4: listOf(v4), v6: listOf(v6) }),
  vpc_uuid: z.string().nullish(),
});
export type Droplet = z.infer<typeof droplet>;

export interface BackupPolicy {
  readonly plan: "daily" | "weekly";
  readonly weekday?: "SUN" | "MON" | "TUE" | "WED" | "THU" | "FRI" | "SAT";
  /** Of the day in UTC, when the four hours begin in which it is made. */
  readonly hour?: 0 | 4 | 8 | 12 | 16 | 20;
}

/** What several droplets that are made at once have in common, spelt as the API spells it. */
export interface DropletsAsked {
  readonly region?: string;
  readonly size: string;
  /** Slug, or id. */
  readonly image: string | number;
  /** Ids or MD5 fingerprints of keys in the account. */
  readonly ssh_keys: readonly (number | string)[];
  readonly tags: readonly string[];
  readonly user_data?: string;
  readonly backups?: boolean;
  /** Default: daily. */
  readonly backup_policy?: BackupPolicy;
  readonly ipv6?: boolean;
  readonly monitoring?: boolean;
  readonly volumes?: readonly string[];
  readonly vpc_uuid?: string;
  readonly with_droplet_agent?: boolean;
}
export interface NewDroplet extends DropletsAsked {
  readonly name: string;
}

export const dropletCalls = (api: Api) => {
  const list = (asked: { readonly tag?: string; readonly name?: string } = {}): Promise<Droplet[]> =>
    api.every("/v2/droplets", "droplets", droplet, { tag_name: asked.tag, name: asked.name });
  return {
    /** All droplets, or those with a tag or a name. */
    list,
    /** How many the account has. */
    count: () => api.count("/v2/droplets", "droplets"),
    get: (id: number) => api.one("GET", path`/v2/droplets/${id}`, "droplet", droplet),
    /**
     * Creates a droplet once. `intent` is a tag that nothing else has: when the answer is lost, the droplet is looked for by it, as long as lists
     * may lag, before the call is made again.
     */
    create: (asked: NewDroplet, intent: string): Promise<Droplet> =>
      api.once(
        () => api.one("POST", "/v2/droplets", "droplet", droplet, { body: withTag(asked, intent) }),
        async () => (await list({ tag: intent }))[0],
      ),
    /** Creates up to ten droplets by one call, each once. After a lost answer those that are not there with their name and the intent are made. */
    async createMany(names: readonly string[], asked: DropletsAsked, intent: string): Promise<Droplet[]> {
      const made = new Map<string, Droplet>();
      const missing = (): string[] => names.filter((name) => !made.has(name));
      const keep = (all: readonly Droplet[]): void => {
        for (const one of all) made.set(one.name, one);
      };
      await api.once<true>(
        async () => {
          const body = { ...withTag(asked, intent), names: missing() };
          keep(await api.one("POST", "/v2/droplets", "droplets", listOf(droplet), { body }));
          return true;
        },
        async () => {
          keep(await list({ tag: intent }));
          return missing().length === 0 ? true : undefined;
        },
      );
      return names.flatMap((name) => made.get(name) ?? []);
    },
    /** The droplet with that tag, waited for as long as lists may lag. */
    appeared: (intent: string): Promise<Droplet | undefined> =>
      api.appears(async () => (await list({ tag: intent }))[0]),
    remove: (id: number) => api.remove(path`/v2/droplets/${id}`),
    /** Deletes all droplets with a tag. */
    removeTagged: (tag: string) => api.remove("/v2/droplets", { query: { tag_name: tag } }),
    snapshots: (id: number) => api.every(path`/v2/droplets/${id}/snapshots`, "snapshots", dropletSnapshot),
    backups: (id: number) => api.every(path`/v2/droplets/${id}/backups`, "backups", dropletSnapshot),
    firewalls: (id: number) => api.every(path`/v2/droplets/${id}/firewalls`, "firewalls", firewall),
    /** Droplets on the same physical server. */
    neighbors: (id: number) => api.short(path`/v2/droplets/${id}/neighbors`, "droplets", droplet),
    /** The same for all: groups of ids that share a server. */
    neighborIds: () => api.one("GET", "/v2/reports/droplet_neighbors_ids", "neighbor_ids", listOf(z.array(z.int()))),
  };
};

const withTag = <T extends DropletsAsked>(asked: T, intent: string): T => ({ ...asked, tags: [...asked.tags, intent] });
