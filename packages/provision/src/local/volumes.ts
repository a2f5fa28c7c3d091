import { randomUUID } from "node:crypto";
import { regions } from "./catalog.ts";
import { copyDisk, type Disk, makeDisk, removeDisk } from "./disks.ts";
import { readTags } from "./droplets.ts";
import { type Call, notFound, page, Refusal, type Reply, type Route, unprocessable } from "./http.ts";
import { exclusively } from "./lock.ts";
import { dropResource, putResource, type Resource, readResources } from "./resources.ts";
import { type Cloud, look } from "./state.ts";
import { removeNote } from "./store.ts";

export interface VolumeData {
  readonly name: string;
  readonly region: string;
  readonly gigabytes: number;
  readonly description: string;
  /** "" where none was asked. */
  readonly filesystem: string;
  readonly label: string;
  readonly tags: readonly string[];
  readonly snapshot?: string;
  /** Id of the droplet it is attached to, which may be gone by now. */
  readonly droplet?: number;
}
export interface SnapshotData {
  readonly name: string;
  readonly volume: string;
  readonly region: string;
  readonly gigabytes: number;
  readonly filesystem: string;
  readonly label: string;
  readonly tags: readonly string[];
}
export type Volume = Resource<VolumeData>;
export type VolumeSnapshot = Resource<SnapshotData>;

export const readVolumes = (cloud: Cloud): Promise<Volume[]> => readResources<VolumeData>(cloud, "volume");
export const putVolume = (cloud: Cloud, id: string, data: VolumeData): Promise<Volume> =>
  putResource(cloud, "volume", id, data);
export const readSnapshots = (cloud: Cloud): Promise<VolumeSnapshot[]> =>
  readResources<SnapshotData>(cloud, "volume-snapshot");

/** Runs `work` while nobody else makes or removes volumes and snapshots of the cloud. */
export const withVolumes = <T>(cloud: Cloud, work: () => Promise<T>): Promise<T> =>
  exclusively(`volumes ${cloud.name}`, work);

export const volumeRoutes = (cloud: Cloud): readonly Route[] => [
  ["GET", "/v2/volumes", (call) => many(cloud, call)],
  ["POST", "/v2/volumes", (call) => create(cloud, call)],
  ["DELETE", "/v2/volumes", (call) => removeNamed(cloud, call)],
  ["GET", "/v2/volumes/snapshots/:id", (_call, id = "") => snapshot(cloud, id)],
  ["DELETE", "/v2/volumes/snapshots/:id", (_call, id = "") => removeSnapshot(cloud, id)],
  ["GET", "/v2/volumes/:id", async (_call, id = "") => told(cloud, await findVolume(cloud, id))],
  ["DELETE", "/v2/volumes/:id", async (_call, id = "") => remove(cloud, await findVolume(cloud, id))],
  ["GET", "/v2/volumes/:id/snapshots", (call, id = "") => snapshotsOf(cloud, call, id)],
  ["POST", "/v2/volumes/:id/snapshots", (call, id = "") => takeSnapshot(cloud, call, id)],
];

export const diskOf = ({ id, data }: Volume): Disk => ({
  id,
  gigabytes: data.gigabytes,
  filesystem: data.filesystem,
  label: data.label,
  ...(data.snapshot === undefined ? {} : { snapshot: data.snapshot }),
});

const volumeBody = ({ id, createdAt, data }: Volume, droplets: ReadonlySet<number>): object => ({
  id,
  droplet_ids: data.droplet !== undefined && droplets.has(data.droplet) ? [data.droplet] : [],
  name: data.name,
  description: data.description,
  size_gigabytes: data.gigabytes,
  created_at: createdAt.replace(/\.\d+Z$/, "Z"),
  tags: data.tags,
  region: regions.find((region) => region.slug === data.region),
  filesystem_type: data.filesystem,
  filesystem_label: data.label,
});

const dropletIds = async (cloud: Cloud): Promise<ReadonlySet<number>> =>
  new Set((await look(cloud)).droplets.map((droplet) => droplet.id));

async function told(cloud: Cloud, volume: Volume, status = 200): Promise<Reply> {
  return { status, body: { volume: volumeBody(volume, await dropletIds(cloud)) } };
}

async function many(cloud: Cloud, call: Call): Promise<Reply> {
  const [name, region, tag] = ["name", "region", "tag_name"].map((key) => call.query.get(key));
  const found = (await readVolumes(cloud)).filter(
    ({ data }) =>
      (name === null || data.name === name) &&
      (region === null || data.region === region) &&
      (tag === null || data.tags.includes(tag ?? "")),
  );
  const droplets = await dropletIds(cloud);
  return page(
    call,
    "volumes",
    found.map((volume) => volumeBody(volume, droplets)),
  );
}

export async function findVolume(cloud: Cloud, id: string): Promise<Volume> {
  const volume = (await readVolumes(cloud)).find((one) => one.id === id);
  if (volume === undefined) throw notFound();
  return volume;
}

export async function findNamed(cloud: Cloud, name: unknown, region: unknown): Promise<Volume> {
  const volume = (await readVolumes(cloud)).find(({ data }) => data.name === name && data.region === region);
  if (volume === undefined) throw notFound();
  return volume;
}

const most = 16_384;

export function readGigabytes(given: unknown, least: number): number {
  if (typeof given !== "number" || !Number.isInteger(given) || given < least || given > most)
    throw unprocessable(`size_gigabytes must be between ${least} and ${most}`);
  return given;
}

function readFilesystem(body: Call["body"]): { filesystem: string; label: string } {
  const filesystem = body["filesystem_type"] ?? "";
  const label = body["filesystem_label"] ?? "";
  if (filesystem !== "" && filesystem !== "ext4" && filesystem !== "xfs")
    throw unprocessable("filesystem_type must be ext4 or xfs");
  if (typeof label !== "string" || label.length > (filesystem === "xfs" ? 12 : 16) || /[^\x20-\x7e]/.test(label))
    throw unprocessable("filesystem_label is too long");
  if (label !== "" && filesystem === "") throw unprocessable("filesystem_label needs filesystem_type");
  return { filesystem, label };
}

function create(cloud: Cloud, call: Call): Promise<Reply> {
  const { body } = call;
  const { name } = body;
  if (typeof name !== "string" || !/^[a-z][a-z0-9-]{0,63}$/.test(name))
    throw unprocessable("Name must be lowercase and be composed only of numbers, letters and '-', up to 64 characters");
  const tags = readTags(body["tags"]);
  const asked = readFilesystem(body);
  return withVolumes(cloud, async () => {
    const from = body["snapshot_id"];
    const named = typeof from === "string" && from !== "";
    const origin = named ? (await readSnapshots(cloud)).find((one) => one.id === from) : undefined;
    if (named && origin === undefined) throw notFound();
    const region = body["region"] ?? origin?.data.region;
    if (typeof region !== "string" || !regions.some((one) => one.slug === region))
      throw unprocessable("invalid region");
    if (origin !== undefined && origin.data.region !== region)
      throw unprocessable("the snapshot is in another region than the volume");
    const size = body["size_gigabytes"];
    const gigabytes = readGigabytes(
      origin === undefined ? size : (size ?? origin.data.gigabytes),
      origin?.data.gigabytes ?? 1,
    );
    if ((await readVolumes(cloud)).some(({ data }) => data.name === name && data.region === region))
      throw new Refusal(409, "conflict", `volume with name ${name} already exists`);
    const id = randomUUID();
    const data: VolumeData = {
      name,
      region,
      gigabytes,
      description: typeof body["description"] === "string" ? body["description"] : "",
      ...(origin === undefined ? asked : { filesystem: origin.data.filesystem, label: origin.data.label }),
      tags,
    };
    // At once, because the snapshot may be gone later; a disk that begins empty is made when it is first attached.
    if (origin !== undefined)
      await makeDisk(cloud, { id, gigabytes, filesystem: data.filesystem, label: data.label, snapshot: origin.id });
    return told(cloud, await putVolume(cloud, id, data), 201);
  });
}

async function removeNamed(cloud: Cloud, call: Call): Promise<Reply> {
  return remove(cloud, await findNamed(cloud, call.query.get("name"), call.query.get("region")));
}

function remove(cloud: Cloud, volume: Volume): Promise<Reply> {
  return withVolumes(cloud, async () => {
    const { droplets, notes } = await look(cloud);
    if (droplets.some((droplet) => droplet.id === volume.data.droplet))
      throw new Refusal(
        409,
        "conflict",
        "A volume that's attached to a Droplet cannot be deleted. Please detach it first before deleting.",
      );
    await removeDisk(cloud, volume.id);
    await dropResource(cloud, "volume", volume.id);
    const own = new Set(notes.filter((note) => note.data["volume"] === volume.id).map((note) => note.id));
    for (const note of notes) if (own.has(note.id)) await removeNote(cloud.engine, note);
    return { status: 204 };
  });
}

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

export async function snapshot(cloud: Cloud, id: string): Promise<Reply> {
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

export function removeSnapshot(cloud: Cloud, id: string): Promise<Reply> {
  return withVolumes(cloud, async () => {
    await snapshot(cloud, id);
    await removeDisk(cloud, id);
    await dropResource(cloud, "volume-snapshot", id);
    return { status: 204 };
  });
}
