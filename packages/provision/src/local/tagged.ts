import { changeImage, readImages } from "./own-images.ts";
import { putResource, readResources } from "./resources.ts";
import { type Cloud, look } from "./state.ts";
import { newId, writeNote } from "./store.ts";
import { withVolumes } from "./volumes.ts";

/** What tags can be on, as the API names them; its answers count them by `counted`. */
export const taggable = {
  droplet: { counted: "droplets", path: "/v2/droplets" },
  image: { counted: "images", path: "/v2/images" },
  volume: { counted: "volumes", path: "/v2/volumes" },
  volume_snapshot: { counted: "volume_snapshots", path: "/v2/snapshots" },
} as const;
export type TaggableType = keyof typeof taggable;

/** A thing that tags can be on. */
export interface Taggable {
  readonly type: TaggableType;
  readonly id: string;
  readonly tags: readonly string[];
  readonly createdAt: string;
  readonly set: (tag: string, on: boolean) => Promise<unknown>;
}

export interface Tags {
  /** Oldest first. */
  readonly names: readonly string[];
  readonly things: readonly Taggable[];
  /** Tags that were made by themselves, with what removes each. */
  readonly made: ReadonlyMap<string, string>;
}

interface Marked {
  readonly tags?: readonly string[];
}

const changed = (tags: readonly string[], tag: string, on: boolean): readonly string[] =>
  on ? [...new Set([...tags, tag])] : tags.filter((one) => one !== tag);

/** Volumes or their snapshots. */
const stored = async (cloud: Cloud, type: TaggableType, kind: string): Promise<Taggable[]> =>
  (await readResources<Marked>(cloud, kind)).map(({ id, createdAt, data }) => ({
    type,
    id,
    createdAt,
    tags: data.tags ?? [],
    set: (tag, on) =>
      withVolumes(cloud, async () => {
        const now = (await readResources<Marked>(cloud, kind)).find((one) => one.id === id)?.data;
        if (now !== undefined) await putResource(cloud, kind, id, { ...now, tags: changed(now.tags ?? [], tag, on) });
      }),
  }));

/** All tags of a cloud and all that they can be on. Tags exist by themselves or because something has them. */
export async function tagsOf(cloud: Cloud): Promise<Tags> {
  const [view, images, volumes, snapshots] = await Promise.all([
    look(cloud),
    readImages(cloud),
    stored(cloud, "volume", "volume"),
    stored(cloud, "volume_snapshot", "volume-snapshot"),
  ]);
  const droplets = view.droplets.map(
    ({ id, createdAt, tags }): Taggable => ({
      type: "droplet",
      id: String(id),
      createdAt,
      tags,
      set: (tag, on) =>
        writeNote(cloud.engine, cloud.name, {
          kind: "tagged",
          id: String(newId()),
          droplet: id,
          data: { op: on ? "add" : "remove", tag },
        }),
    }),
  );
  const own = images.map(
    (image): Taggable => ({
      type: "image",
      id: String(image.id),
      createdAt: image.createdAt,
      tags: image.tags,
      set: (tag, on) => changeImage(cloud, image, { tags: changed(image.tags, tag, on) }),
    }),
  );
  const things = [...droplets, ...own, ...volumes, ...snapshots].sort((a, b) => a.createdAt.localeCompare(b.createdAt));
  const made = new Map<string, string>();
  for (const note of view.notes) if (note.kind === "tag") made.set(note.data["name"] ?? "", note.volume);
  const names = new Map<string, string>();
  // Their first writing is the one that counts.
  for (const name of [...made.keys(), ...things.flatMap(({ tags }) => tags)])
    if (!names.has(name.toLowerCase())) names.set(name.toLowerCase(), name);
  return { names: [...names.values()], things, made };
}
