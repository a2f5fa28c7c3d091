import { z } from "zod";
import { actOnce } from "./act.ts";
import { type Api, path } from "./call.ts";
import { type Action, action, listOf, regionRef, tagNames } from "./shapes.ts";
import { type Snapshot, snapshot } from "./snapshots.ts";

export const volume = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullish(),
  size_gigabytes: z.int(),
  droplet_ids: listOf(z.int()),
  region: regionRef.optional(),
  created_at: z.string().optional(),
  filesystem_type: z.string().nullish(),
  filesystem_label: z.string().nullish(),
  tags: tagNames,
});
export type Volume = z.infer<typeof volume>;

export interface NewVolume {
  readonly name: string;
  readonly region: string;
  readonly size_gigabytes: number;
  readonly description?: string;
  readonly snapshot_id?: string;
  readonly filesystem_type?: "ext4" | "xfs";
  readonly filesystem_label?: string;
  readonly tags?: readonly string[];
}

/** A volume is attached to one droplet at most; it must be detached before it is deleted. */
export type VolumeAct =
  | { readonly type: "attach" | "detach"; readonly droplet_id: number; readonly region?: string }
  | { readonly type: "resize"; readonly size_gigabytes: number; readonly region?: string };

export const volumeCalls = (api: Api) => {
  const list = (asked: { readonly name?: string; readonly region?: string } = {}): Promise<Volume[]> =>
    api.every("/v2/volumes", "volumes", volume, { ...asked });
  const snapshots = (id: string): Promise<Snapshot[]> =>
    api.every(path`/v2/volumes/${id}/snapshots`, "snapshots", snapshot);
  return {
    list,
    get: (id: string) => api.one("GET", path`/v2/volumes/${id}`, "volume", volume),
    /** Names are unique in a region: after a lost answer it is known by name, size and tags. */
    create: (asked: NewVolume) =>
      api.once(
        () => api.one("POST", "/v2/volumes", "volume", volume, { body: asked }),
        async () =>
          (await list({ name: asked.name, region: asked.region })).find(
            (one) =>
              one.size_gigabytes === asked.size_gigabytes && (asked.tags ?? []).every((tag) => one.tags.includes(tag)),
          ),
      ),
    remove: (id: string) => api.remove(path`/v2/volumes/${id}`),
    removeNamed: (name: string, region: string) => api.remove("/v2/volumes", { query: { name, region } }),
    actions: (id: string) => api.every(path`/v2/volumes/${id}/actions`, "actions", action),
    action: (id: string, actionId: number) =>
      api.one("GET", path`/v2/volumes/${id}/actions/${actionId}`, "action", action),
    act: (id: string, asked: VolumeAct): Promise<Action> => actOnce(api, path`/v2/volumes/${id}/actions`, asked),
    /** The same for a volume known by its name in a region; after a lost answer nothing is repeated. */
    actNamed: (
      name: string,
      asked: { readonly type: "attach" | "detach"; readonly droplet_id: number; readonly region: string },
    ): Promise<Action> =>
      api.one("POST", "/v2/volumes/actions", "action", action, {
        body: { ...asked, volume_name: name },
      }),
    snapshots,
    /** After a lost answer it is known by its name among the snapshots that are new. */
    async snapshot(id: string, asked: { readonly name: string; readonly tags?: readonly string[] }): Promise<Snapshot> {
      const before = new Set((await snapshots(id)).map((one) => one.id));
      return api.once(
        () => api.one("POST", path`/v2/volumes/${id}/snapshots`, "snapshot", snapshot, { body: asked }),
        async () => (await snapshots(id)).find((one) => one.name === asked.name && !before.has(one.id)),
      );
    },
    getSnapshot: (id: string) => api.one("GET", path`/v2/volumes/snapshots/${id}`, "snapshot", snapshot),
    removeSnapshot: (id: string) => api.remove(path`/v2/volumes/snapshots/${id}`),
  };
};
