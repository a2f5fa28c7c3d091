import { z } from "zod";
import { type Api, path } from "./call.ts";
import { tagNames } from "./shapes.ts";

const base = z.object({
  name: z.string(),
  created_at: z.string(),
  regions: z.array(z.string()),
  min_disk_size: z.int(),
  size_gigabytes: z.number(),
});
/** Of a droplet or a volume. */
export const snapshot = base.extend({
  id: z.string(),
  resource_id: z.string(),
  resource_type: z.string(),
  tags: tagNames,
});
export type Snapshot = z.infer<typeof snapshot>;

/** As lists of one droplet show it: its id is a number, that of the image. */
export const dropletSnapshot = base.extend({ id: z.int(), type: z.string() });
export type DropletSnapshot = z.infer<typeof dropletSnapshot>;

export const snapshotCalls = (api: Api) => ({
  list: (asked: { readonly of?: "droplet" | "volume" } = {}) =>
    api.every("/v2/snapshots", "snapshots", snapshot, { resource_type: asked.of }),
  get: (id: number | string) => api.one("GET", path`/v2/snapshots/${id}`, "snapshot", snapshot),
  remove: (id: number | string) => api.remove(path`/v2/snapshots/${id}`),
});
