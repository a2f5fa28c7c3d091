import { randomUUID } from "node:crypto";
import { copyDisk, removeDisk } from "./disks.ts";
import { type Call, notFound, page, type Reply, type Route, unprocessable } from "./http.ts";
import { dropResource, putResource, type Resource, readResources } from "./resources.ts";
import type { Cloud } from "./state.ts";
import { readTags } from "./tag-names.ts";
import { diskOf, findVolume, withVolumes } from "./volumes.ts";

export interface SnapshotData {
  readonly name: string;
  readonly volume: string;
  readonly region: string;
  readonly gigabytes: number;
  readonly filesystem: string;
  readonly label: string;
  readonly tags: readonly string[];
}
export type VolumeSnapshot = Resource<SnapshotData>;

export const readSnapshots = (cloud: Cloud): Promise<VolumeSnapshot[]> =>
  readResources<SnapshotData>(cloud, "volume-snapshot");

export const volumeSnapshotRoutes = (cloud: Cloud): readonly Route[] => [
  ["GET", "/v2/volumes/snapshots/:id", (_call, id = "") => volumeSnapshot(cloud, id)],
  ["DELETE", "/v2/volumes/snapshots/:id", (_call, id = "") => removeVolumeSnapshot(cloud, id)],
  ["GET", "/v2/volumes/:id/snapshots", (call, id = "") => snapshotsOf(cloud, call, id)],
  ["POST", "/v2/volumes/:id/snapshots", (call, id = "") => takeSnapshot(cloud, call, id)],
];

const snapshotBody = ({ id, createdAt, data }: VolumeSnapshot): object => ({
  id,
  name: data.name,
  created_at: createdAt.replace(/\.\d+Z$/, "Z"),
  regions: [data.region],
  min_disk_size: data.gigabytes,
  size_gigabytes: 0,
  resource_id: data.volume,
  resource_type: "volume",
  tags: data.tags,
});

/** All snapshots of volumes as the API shows them, for `/v2/snapshots`. */
export const volumeSnapshotBodies = async (cloud: Cloud): Promise<object[]> =>
  (await readSnapshots(cloud)).map(snapshotBody);

export async function volumeSnapshot(cloud: Cloud, id: string): Promise<Reply> {
  const found = (await readSnapshots(cloud)).find((one) => one.id === id);
  if (found === undefined) throw notFound();
  return { status: 200, body: { snapshot: snapshotBody(found) } };
}

async function snapshotsOf(cloud: Cloud, call: Call, id: string): Promise<Reply> {
  await findVolume(cloud, id);
  const all = (await readSnapshots(cloud)).filter(({ data }) => data.volume === id);
  return page(call, "snapshots", all.map(snapshotBody));
}

function takeSnapshot(cloud: Cloud, call: Call, id: string): Promise<Reply> {
  const { name } = call.body;
  if (typeof name !== "string" || name === "") throw unprocessable("Name can't be blank");
  const tags = readTags(call.body["tags"]);
  return withVolumes(cloud, async () => {
    const volume = await findVolume(cloud, id);
    const { region, gigabytes, filesystem, label } = volume.data;
    const made = randomUUID();
    await copyDisk(cloud, diskOf(volume), made);
    const data: SnapshotData = { name, volume: id, region, gigabytes, filesystem, label, tags };
    const put = await putResource(cloud, "volume-snapshot", made, data);
    return { status: 201, body: { snapshot: snapshotBody(put) } };
  });
}

export async function removeVolumeSnapshot(cloud: Cloud, id: string): Promise<Reply> {
  await volumeSnapshot(cloud, id);
  await dropSnapshot(cloud, id);
  return { status: 204 };
}

/** Removes a snapshot. Gone already is as good. */
export const dropSnapshot = (cloud: Cloud, id: string): Promise<void> =>
  withVolumes(cloud, async () => {
    await removeDisk(cloud, id);
    await dropResource(cloud, "volume-snapshot", id);
  });
