import { z } from "zod";
import { type Api, path } from "./call.ts";
import { type Action, action, tagNames } from "./shapes.ts";

export const image = z.object({
  id: z.int(),
  name: z.string().nullish(),
  /** `base`, `snapshot`, `backup`, `custom`, `admin`. */
  type: z.string().nullish(),
  distribution: z.string().nullish(),
  slug: z.string().nullish(),
  public: z.boolean().optional(),
  regions: z.array(z.string()).optional(),
  created_at: z.string().nullish(),
  min_disk_size: z.int().nullish(),
  size_gigabytes: z.number().nullish(),
  description: z.string().nullish(),
  tags: tagNames,
  /** `NEW`, `available`, `pending`, `deleted`, `retired`. */
  status: z.string().nullish(),
  error_message: z.string().nullish(),
});
export type Image = z.infer<typeof image>;

/** Described as an action, shown as an object that has it; either is understood. */
const imageAction = z
  .union([action, z.object({ action })])
  .transform((answer): Action => ("action" in answer ? answer.action : answer));

export interface NewImage {
  readonly name: string;
  readonly url: string;
  readonly region: string;
  readonly distribution?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
}

export const imageCalls = (api: Api) => {
  const list = (
    asked: {
      readonly type?: "distribution" | "application";
      /** The account's own: snapshots, backups, custom images. */
      readonly private?: boolean;
      readonly tag?: string;
    } = {},
  ): Promise<Image[]> =>
    api.every("/v2/images", "images", image, { type: asked.type, private: asked.private, tag_name: asked.tag });
  return {
    list,
    get: (idOrSlug: number | string) => api.one("GET", path`/v2/images/${idOrSlug}`, "image", image),
    /** Fetches a custom image from a URL. After a lost answer it is known by its name among the account's images that are new. */
    async create(asked: NewImage): Promise<Image> {
      const before = new Set((await list({ private: true })).map((one) => one.id));
      return api.once(
        () => api.one("POST", "/v2/images", "image", image, { body: asked }),
        async () => (await list({ private: true })).find((one) => one.name === asked.name && !before.has(one.id)),
      );
    },
    update: (
      id: number,
      changed: { readonly name?: string; readonly distribution?: string; readonly description?: string },
    ) => api.one("PUT", path`/v2/images/${id}`, "image", image, { body: changed }),
    remove: (id: number) => api.remove(path`/v2/images/${id}`),
    actions: (id: number) => api.short(path`/v2/images/${id}/actions`, "actions", action),
    action: (id: number, actionId: number) => api.call("GET", path`/v2/images/${id}/actions/${actionId}`, imageAction),
    /** Makes a backup a snapshot, or copies an image to a region. Once done, doing it again changes nothing. */
    act: (id: number, asked: { readonly type: "convert" } | { readonly type: "transfer"; readonly region: string }) =>
      api.call("POST", path`/v2/images/${id}/actions`, imageAction, { body: asked, repeatable: true }),
  };
};
