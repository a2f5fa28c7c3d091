import type { Engine } from "./engine.ts";
import { exclusively } from "./lock.ts";
import { putResource, readResources } from "./resources.ts";
import type { Cloud } from "./state.ts";
import { cloudLabel } from "./store.ts";

/** What is known of an image of the account's own. */
export interface ImageData {
  readonly name: string;
  readonly type: "snapshot" | "backup" | "custom";
  readonly distribution: string;
  readonly regions: readonly string[];
  /** Gigabytes that a droplet's disk must have for it. */
  readonly minDisk: number;
  readonly description: string;
  readonly tags: readonly string[];
  /** The droplet that it was taken of; 0 for none. */
  readonly droplet: number;
  readonly createdAt: string;
  /** Where it is fetched from. */
  readonly url?: string;
  /** Why it could not be. */
  readonly error?: string;
}

export interface OwnImage extends ImageData {
  readonly id: number;
  /** Without the content of an image that is being fetched. */
  readonly status: "NEW" | "available" | "deleted";
  readonly gigabytes: number | null;
}

interface SeenImage {
  readonly RepoTags: readonly string[] | null;
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly Size: number;
}

/** Kind of the resources that hold what was changed of an image, or all of one that is being fetched. */
export const imageKind = "image";
const imageLabel = "slipway.own-image";
/** Label of containers that only help to make an image, with the cloud and the droplet that it is of. */
export const helperLabel = "slipway.helper";
const dataLabel = "slipway.image-data";

/** The image's name in the engine. */
export const ownImageName = (cloud: string, id: number): string => `slipway/snapshot:${cloud}-${id}`;

async function imagesOf(engine: Engine, cloud: string): Promise<readonly SeenImage[]> {
  const filters = { label: [`${cloudLabel}=${cloud}`, imageLabel] };
  return (await engine.call("GET", "/images/json", { query: { filters } })).json() as SeenImage[];
}

/** Whether the engine has images of a cloud's account. Those made since then have a resource beside them. */
export const hasOwnImages = async (engine: Engine, cloud: string): Promise<boolean> =>
  (await imagesOf(engine, cloud)).length > 0;

/** All images of the account's own, oldest first. An image that lost its name was deleted; containers may still run from it. */
export async function readImages(cloud: Cloud): Promise<OwnImage[]> {
  const changes = await readResources<Partial<ImageData>>(cloud, imageKind);
  // To list images costs an engine more than all the rest, and of most clouds there is none.
  if (changes.length === 0 && !(await cloud.hadImages())) return [];
  const seenImages = await imagesOf(cloud.engine, cloud.name);
  const all = new Map<number, OwnImage>();
  for (const { id, data } of changes)
    if (data.url !== undefined)
      all.set(Number(id), {
        ...(data as ImageData),
        id: Number(id),
        status: data.error === undefined ? "NEW" : "deleted",
        gigabytes: null,
      });
  for (const seen of seenImages) {
    const id = Number(seen.Labels?.[imageLabel]);
    if (!(seen.RepoTags ?? []).includes(ownImageName(cloud.name, id))) continue;
    const made = JSON.parse(seen.Labels?.[dataLabel] ?? "{}") as ImageData;
    const changed = changes.find((one) => one.id === String(id))?.data;
    const gigabytes = Math.round(seen.Size / 1e7) / 100;
    all.set(id, { ...made, ...changed, id, status: "available", gigabytes });
  }
  return [...all.values()].sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.id - b.id);
}

/** The lock of whoever fetches an image or removes it, and the name of what is fetched. */
export const importLock = (cloud: Cloud, id: number): string => `import ${cloud.name} ${id}`;
export const importName = (cloud: Cloud, id: number): string => `slipway/import:${cloud.name}-${id}`;

export const hasImage = async (engine: Engine, name: string): Promise<boolean> =>
  (await engine.call("GET", `/images/${name}/json`, { accept: [404] })).status === 200;

/** Makes a container's root an image of the account's own; all at once, under the name that it is known by. */
export async function saveImage(cloud: Cloud, container: string, id: number, data: ImageData): Promise<void> {
  const [repo, tag] = ownImageName(cloud.name, id).split(":") as [string, string];
  const noted = (await readResources(cloud, imageKind)).some((one) => one.id === String(id));
  if (!noted) await putResource(cloud, imageKind, String(id), {});
  await cloud.engine.call("POST", "/commit", {
    query: { container, repo, tag },
    body: {
      Labels: {
        [cloudLabel]: cloud.name,
        [imageLabel]: String(id),
        [dataLabel]: JSON.stringify(data),
        [helperLabel]: "",
      },
    },
  });
}

/** With an image the engine removes those below it that have no name, and fails when somebody else removes one of them at that moment. */
const removing = <T>(cloud: Pick<Cloud, "name">, work: () => Promise<T>): Promise<T> =>
  exclusively(`images going ${cloud.name}`, work);

/** Takes an image out of the engine; gone already is as good. What runs from it goes on. */
export const dropImage = (cloud: Pick<Cloud, "engine" | "name">, name: string): Promise<void> =>
  removing(cloud, async () => {
    await cloud.engine.call("DELETE", `/images/${name}`, { query: { force: true }, accept: [404] });
  });

/** The lock of whoever makes an image, or clears what seems to be nobody's. */
export const imagesLock = (cloud: Pick<Cloud, "name">): string => `images ${cloud.name}`;

/** Clears images of deleted snapshots that no container runs from any more, and halves that were left. */
export const sweepImages = (cloud: Pick<Cloud, "engine" | "name">): Promise<void> =>
  exclusively(imagesLock(cloud), async () => {
    const filters = { dangling: ["true"], label: [`${cloudLabel}=${cloud.name}`] };
    // Not by the engine's own prune: it does one at a time for all clouds, and refuses the others.
    const seen = (await cloud.engine.call("GET", "/images/json", { query: { filters } })).json() as { Id: string }[];
    await removing(cloud, async () => {
      // 409: a container is made of it.
      for (const { Id } of seen) await cloud.engine.call("DELETE", `/images/${Id}`, { accept: [404, 409] });
    });
  });

/** Notes what differs from what the image itself says. */
export async function changeImage(cloud: Cloud, image: OwnImage, changed: Partial<OwnImage>): Promise<void> {
  const { id, status: _status, gigabytes: _gigabytes, ...data } = { ...image, ...changed };
  await putResource(cloud, imageKind, String(id), data);
}
