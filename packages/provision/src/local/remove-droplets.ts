import { exclusively } from "./lock.ts";
import { sweepImages } from "./own-images.ts";
import { settleGone } from "./plumbing.ts";
import { removeNetworkOf } from "./reserved-ips.ts";
import { removeHelpers } from "./snapshot.ts";
import { removeHost } from "./start-container.ts";
import { type Cloud, dropletLock, type View } from "./state.ts";
import { containersOf, type DropletRecord, removeNote } from "./store.ts";

/** Removes droplets with all that is only theirs; gone already is as good. */
export async function removeDroplets(cloud: Cloud, view: View, droplets: readonly DropletRecord[]): Promise<void> {
  await Promise.all(droplets.map((droplet) => removeContainers(cloud, droplet.id)));
  const gone = new Set(droplets.map((droplet) => droplet.id));
  const notes = view.notes.filter((note) => note.droplet !== undefined && gone.has(note.droplet));
  await Promise.all(notes.map((note) => removeNote(cloud.engine, note)));
  await settleRemoved(cloud);
  if (droplets.some((droplet) => droplet.generation > 1 || /^\d+$/.test(droplet.image)))
    cloud.behind("sweep images", () => sweepImages(cloud));
}

/** Puts away what only droplets had that are gone. May be repeated. */
export async function settleRemoved(cloud: Cloud): Promise<void> {
  await settleGone(cloud);
  await removeNetworkOf(cloud);
}

/** Whoever is about to replace a droplet's container has finished, or will find no droplet. */
const removeContainers = (cloud: Cloud, id: number): Promise<void> =>
  exclusively(dropletLock(id), async () => {
    for (const container of await containersOf(cloud.engine, cloud.name, id)) await removeHost(cloud.engine, container);
    await removeHelpers(cloud, id);
  });
