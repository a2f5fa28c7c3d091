import { z } from "zod";
import { type Api, path } from "./call.ts";

const counted = z.object({ count: z.int().optional(), last_tagged_uri: z.string().nullish() });
export const tag = z.object({
  name: z.string(),
  resources: counted
    .extend({ droplets: counted.optional(), volumes: counted.optional(), volume_snapshots: counted.optional() })
    .optional(),
});
export type Tag = z.infer<typeof tag>;

export type Taggable = "droplet" | "image" | "volume" | "volume_snapshot";

const resources = (resource_type: Taggable, ids: readonly (number | string)[]): object => ({
  resources: ids.map((id) => ({ resource_id: String(id), resource_type })),
});

export const tagCalls = (api: Api) => ({
  list: () => api.every("/v2/tags", "tags", tag),
  get: (name: string) => api.one("GET", path`/v2/tags/${name}`, "tag", tag),
  /** One that is there already is as good. */
  create: (name: string) => api.one("POST", "/v2/tags", "tag", tag, { body: { name }, repeatable: true }),
  /** Takes it off everything that carries it, too. */
  remove: (name: string) => api.remove(path`/v2/tags/${name}`),
  /** The tag must exist. */
  assign: (name: string, type: Taggable, ids: readonly (number | string)[]) =>
    api.tell("POST", path`/v2/tags/${name}/resources`, { body: resources(type, ids), repeatable: true }),
  unassign: (name: string, type: Taggable, ids: readonly (number | string)[]) =>
    api.tell("DELETE", path`/v2/tags/${name}/resources`, { body: resources(type, ids) }),
});
