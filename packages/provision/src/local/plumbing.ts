import { attachedFile, tellAttached } from "./attached.ts";
import type { Attached } from "./attached-files.ts";
import { diskIds, diskUp, isDiskUp, removeDisk } from "./disks.ts";
import { refilter, settleFilter } from "./filtering.ts";
import { firewallRoutes } from "./firewalls.ts";
import { sweepHelpers } from "./helper.ts";
import { notFound, type Route, unprocessable } from "./http.ts";
import { connectPrivate } from "./private-network.ts";
import { readReserved, reservedOf } from "./reserved-ips.ts";
import { reservedRoutes } from "./reserved-routes.ts";
import { makeRoom } from "./room.ts";
import { type Cloud, look } from "./state.ts";
import { type DropletRecord, readStore } from "./store.ts";
import type { TarFile } from "./tar.ts";
import { attach, detach, volumeActionRoutes } from "./volume-actions.ts";
import { readSnapshots, volumeSnapshotRoutes } from "./volume-snapshots.ts";
import { diskOf, readVolumes, type Volume, volumeRoutes, withVolumes } from "./volumes.ts";
import { clearPrivateNetworks, vpcFor, vpcRoutes } from "./vpcs.ts";

/** What is served of that which lies around droplets: volumes, private networks. */
export const plumbingRoutes = (cloud: Cloud): readonly Route[] => [
  ...volumeActionRoutes(cloud),
  ...volumeSnapshotRoutes(cloud),
  ...volumeRoutes(cloud),
  ...vpcRoutes(cloud),
  ...firewallRoutes(cloud),
  ...reservedRoutes(cloud),
];

/** What a new droplet is to be connected to, by the request that creates it. */
export async function plumbingFor(
  cloud: Cloud,
  body: Readonly<Record<string, unknown>>,
  region: string,
  droplets: number,
): Promise<{ vpc: { id: string; range?: string }; volumes: readonly string[] }> {
  const vpc = await vpcFor(cloud, body["vpc_uuid"], region);
  const given: readonly unknown[] = Array.isArray(body["volumes"]) ? body["volumes"] : [];
  if (given.length === 0) return { vpc, volumes: [] };
  if (droplets > 1) throw unprocessable("Volumes cannot be attached to several Droplets.");
  const all = await readVolumes(cloud);
  const known = new Set((await look(cloud)).droplets.map((droplet) => droplet.id));
  const volumes = given.map((one) => {
    // Clients name a volume by its id, or as an object with its id or name.
    const { id, name } = (typeof one === "object" && one !== null ? one : { id: one }) as Record<string, unknown>;
    const found = all.find(
      (volume) => volume.id === id || (volume.data.name === name && volume.data.region === region),
    );
    if (found === undefined) throw notFound();
    if (found.data.region !== region) throw unprocessable("Droplet and volume must be in the same region");
    if (found.data.droplet !== undefined && known.has(found.data.droplet))
      throw unprocessable("volume is already attached to a Droplet");
    return found.id;
  });
  return { vpc, volumes };
}

/** What is attached to a droplet by what the cloud knows. */
function attachedOf(droplet: DropletRecord, volumes: readonly Volume[], addresses: readonly string[]): Attached {
  return {
    volumes: volumes
      .filter(({ data }) => data.droplet === droplet.id)
      .map(({ id, data }) => ({ id, name: data.name, filesystem: data.filesystem })),
    addresses,
  };
}

async function attachments(cloud: Cloud, droplet: DropletRecord, without = ""): Promise<Attached> {
  const volumes = (await readVolumes(cloud)).filter(({ id }) => id !== without);
  const addresses = reservedOf(await readReserved(cloud)).get(droplet.id) ?? [];
  return attachedOf(droplet, volumes, addresses);
}

/** Tells a droplet what is attached to it now, `without` one that is on its way out. */
export const tellAttachments = async (cloud: Cloud, droplet: DropletRecord, without?: string): Promise<void> =>
  tellAttached(cloud, droplet, await attachments(cloud, droplet, without));

/**
 * Connects a droplet's container, which does not run, with all that is the droplet's. To be called before any first start of a container, also of
 * one that takes another's place; it is then told of them, by {@link filesOf} or {@link tellAttachments}. May be repeated.
 */
export async function prepare(cloud: Cloud, droplet: DropletRecord): Promise<void> {
  await makeRoom(cloud);
  await connectPrivate(cloud, droplet);
  const wanted = new Set(droplet.volumes);
  for (const volume of await readVolumes(cloud))
    if (wanted.has(volume.id) && volume.data.droplet === undefined) await attach(cloud, droplet, volume);
  // Filtered from its first packet on.
  await refilter(cloud);
}

/** The files that a container has to find when it starts; read last, since what is attached may change. */
export const filesOf = async (cloud: Cloud, droplet: DropletRecord): Promise<readonly TarFile[]> => [
  attachedFile(await attachments(cloud, droplet)),
];

async function freeOfGone(cloud: Cloud): Promise<void> {
  const volumes = await readVolumes(cloud);
  const { droplets } = await readStore(cloud.engine, cloud.name);
  const known = new Set(droplets.map((droplet) => droplet.id));
  for (const volume of volumes)
    if (volume.data.droplet !== undefined && !known.has(volume.data.droplet)) await detach(cloud, volume, undefined);
  await clearPrivateNetworks(cloud);
}

/** Frees what droplets held that are gone. */
export async function settleGone(cloud: Cloud): Promise<void> {
  await freeOfGone(cloud);
  await refilter(cloud);
}

/** Finishes what a killed process left, and puts back what the engine's machine forgot when it was restarted. */
export async function settlePlumbing(cloud: Cloud): Promise<void> {
  await sweepHelpers(cloud, 60);
  await freeOfGone(cloud);
  await settleFilter(cloud);
  await withVolumes(cloud, async () => {
    const known = new Set([...(await readVolumes(cloud)), ...(await readSnapshots(cloud))].map(({ id }) => id));
    // One that a copy was being made to may still be in the hands of a helper; the next time it is not.
    for (const id of await diskIds(cloud)) if (!known.has(id)) await removeDisk(cloud, id).catch(() => undefined);
  });
  const { droplets } = await readStore(cloud.engine, cloud.name);
  for (const volume of await readVolumes(cloud)) {
    const droplet = droplets.find((one) => one.id === volume.data.droplet);
    if (droplet === undefined || (await isDiskUp(volume.id))) continue;
    if (await diskUp(cloud, diskOf(volume))) await tellAttachments(cloud, droplet);
  }
}
