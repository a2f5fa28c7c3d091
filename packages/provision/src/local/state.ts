import { perform } from "./actions.ts";
import { type ActionRecord, actionsOf } from "./bodies.ts";
import { type BaseImage, type ImageSlug, images } from "./catalog.ts";
import type { Engine } from "./engine.ts";
import type { Lateness } from "./faults.ts";
import { importImage } from "./import-image.ts";
import { exclusively } from "./lock.ts";
import { type OwnImage, ownImageName, readImages } from "./own-images.ts";
import { filesOf, prepare } from "./plumbing.ts";
import { bootHost } from "./start-container.ts";
import { type DropletRecord, type Note, readStore, removeNote } from "./store.ts";

/** What the handlers of one cloud share: the engine, and the work that goes on behind an answer. */
export interface Cloud {
  readonly engine: Engine;
  readonly name: string;
  /** Name of a host image in the engine; built at the first call that needs it. */
  readonly image: (slug: ImageSlug) => Promise<string>;
  /** Name of the image of the cloud's own machine; undefined where it cannot be had. */
  readonly gatewayImage: () => Promise<string | undefined>;
  /** Resolves when the cloud's names and metadata are served as they are known now, or could not be. */
  readonly settled: () => Promise<void>;
  /** The images that everybody may use here. */
  readonly offered: () => Promise<readonly BaseImage[]>;
  /** Whether there were images of the account's own when this process first asked. */
  readonly hadImages: () => Promise<boolean>;
  readonly ofNewDroplet: () => Lateness;
  /** Hands the account's owner what DigitalOcean sends by e-mail. */
  readonly mail: (message: string) => void;
  /** Makes the filter of the firewalls what they say; see `applyFilter`. Rejects when that fails. */
  readonly filter: () => Promise<void>;
  /** Runs work once at a time per key in this process, after the answer. */
  readonly behind: (key: string, work: () => Promise<void>) => void;
}

export interface View {
  readonly droplets: readonly DropletRecord[];
  readonly notes: readonly Note[];
  readonly actions: readonly ActionRecord[];
  /** Images of the account's own. */
  readonly images: readonly OwnImage[];
}

/**
 * Reads the cloud, and takes up what a process left half-way: a droplet that was created but never started, an action without an end, a note
 * whose droplet is gone. Whoever still works on it holds its lock, so nothing is done twice.
 */
export async function look(cloud: Cloud): Promise<View> {
  const [{ droplets, notes }, own] = await Promise.all([readStore(cloud.engine, cloud.name), readImages(cloud)]);
  const actions = actionsOf(droplets, notes);
  for (const droplet of droplets)
    if (droplet.status === "new") cloud.behind(`boot ${droplet.id}`, () => boot(cloud, droplet.id));
  for (const action of actions)
    if (action.status === "in-progress" && action.type !== "create")
      cloud.behind(`action ${action.id}`, () => perform(cloud, action.id));
  const known = new Set(droplets.map((droplet) => droplet.id));
  for (const note of notes)
    if (note.droplet !== undefined && !known.has(note.droplet))
      cloud.behind(`note ${note.volume}`, () => removeNote(cloud.engine, note));
  for (const image of own)
    if (image.status === "NEW") cloud.behind(`import ${image.id}`, () => importImage(cloud, image.id));
  return { droplets, notes, actions, images: own };
}

/** The lock of whoever makes, replaces or removes the container of a droplet. */
export const dropletLock = (id: number): string => `droplet ${id}`;

/** Name in the engine of an image, which a droplet knows by its slug or its number. */
export const engineImage = (cloud: Cloud, image: string): Promise<string> => {
  const base = images.find((one) => one.slug === image);
  return base === undefined ? Promise.resolve(ownImageName(cloud.name, Number(image))) : cloud.image(base.slug);
};

/** Starts a created droplet for the first time, unless somebody did. */
export function boot(cloud: Cloud, id: number): Promise<void> {
  return exclusively(dropletLock(id), async () => {
    const { droplets } = await readStore(cloud.engine, cloud.name);
    const droplet = droplets.find((one) => one.id === id);
    if (droplet?.status !== "new") return;
    await firstBoot(cloud, droplet);
  });
}

/** Starts a droplet's container for the first time, with its keys and user data. */
export const firstBoot = async (cloud: Cloud, droplet: DropletRecord): Promise<void> => {
  // What runs at its first boot may ask for names and metadata.
  await Promise.all([prepare(cloud, droplet), cloud.settled()]);
  await bootHost(cloud.engine, droplet.container, {
    hostname: droplet.name,
    rootKeys: droplet.rootKeys,
    userData: droplet.userData,
    files: await filesOf(cloud, droplet),
    // A base image is nobody's yet.
    anew: !images.some((image) => image.slug === droplet.image),
    ...(droplet.generation === 1 && { sshLateMs: droplet.options.sshLateMs ?? 0 }),
  });
};
