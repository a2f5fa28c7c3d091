import { sizeOf } from "./catalog.ts";
import { exclusively } from "./lock.ts";
import { networkName } from "./names.ts";
import { prepare, tellAttachments } from "./plumbing.ts";
import { createHost, removeHost } from "./start-container.ts";
import { type Cloud, dropletLock, engineImage, firstBoot } from "./state.ts";
import { cloudLabel, containerName, type DropletRecord, readStore, successorLabels } from "./store.ts";

/**
 * Gives a droplet a new root made of an image; its id, address, tags and keys stay. A container cannot change its root, so another one takes its
 * place: it is made first, then the old one is removed, and from that moment the new one is the droplet. May be repeated from wherever it ended.
 * `first` lets it boot as a new machine does, with the droplet's user data.
 */
export async function replaceRoot(
  cloud: Cloud,
  id: number,
  change: { readonly image: string; readonly action: number; readonly first: boolean },
): Promise<void> {
  // Building a base image takes a minute, in which the droplet may well be destroyed.
  const image = await engineImage(cloud, change.image);
  await exclusively(dropletLock(id), async () => {
    const old = await find(cloud, id);
    if (old === undefined) return;
    if (old.madeBy !== change.action) {
      if (old.next?.madeBy !== change.action) {
        if (old.next !== undefined) await removeHost(cloud.engine, old.next.container);
        await createSuccessor(cloud, old, { ...change, engineImage: image });
      }
      await removeHost(cloud.engine, old.container);
    }
    const droplet = await find(cloud, id);
    if (droplet === undefined || droplet.booted) return;
    if (change.first) await firstBoot(cloud, droplet);
    else {
      await prepare(cloud, droplet);
      await tellAttachments(cloud, droplet);
      await cloud.engine.call("POST", `/containers/${droplet.container}/start`);
    }
  });
}

const find = async (cloud: Cloud, id: number): Promise<DropletRecord | undefined> =>
  (await readStore(cloud.engine, cloud.name)).droplets.find((one) => one.id === id);

async function createSuccessor(
  cloud: Cloud,
  droplet: DropletRecord,
  change: { readonly image: string; readonly engineImage: string; readonly action: number },
): Promise<void> {
  await createHost(cloud.engine, {
    container: containerName(cloud.name, droplet.id, droplet.name, droplet.generation + 1),
    hostname: droplet.name,
    image: change.engineImage,
    network: networkName(cloud.name),
    networkLabels: { [cloudLabel]: cloud.name },
    labels: successorLabels(cloud.name, droplet, change),
    limits: sizeOf(droplet.size),
    address: droplet.address,
  });
}
