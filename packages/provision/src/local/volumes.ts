import { randomUUID } from "node:crypto";
import { regions } from "./catalog.ts";
import { type Disk, makeDisk, removeDisk } from "./disks.ts";
import { type Call, notFound, page, Refusal, type Reply, type Route, unprocessable } from "./http.ts";
import { exclusively } from "./lock.ts";
import { dropResource, putResource, type Resource, readResources } from "./resources.ts";
import { type Cloud, look } from "./state.ts";
import { type Note, removeNote } from "./store.ts";
import { readTags } from "./tag-names.ts";
import { readSnapshots } from "./volume-snapshots.ts";

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
export type Volume = Resource<VolumeData>;

export const readVolumes = (cloud: Cloud): Promise<Volume[]> => readResources<VolumeData>(cloud, "volume");
export const putVolume = (cloud: Cloud, id: string, data: VolumeData): Promise<Volume> =>
  putResource(cloud, "volume", id, data);
/** Runs `work` while nobody else makes or removes volumes and snapshots of the cloud. */
export const withVolumes = <T>(cloud: Cloud, work: () => Promise<T>): Promise<T> =>
  exclusively(`volumes ${cloud.name}`, work);

export const volumeRoutes = (cloud: Cloud): readonly Route[] => [
  ["GET", "/v2/volumes", (call) => many(cloud, call)],
  ["POST", "/v2/volumes", (call) => create(cloud, call)],
  ["DELETE", "/v2/volumes", (call) => removeNamed(cloud, call)],
  ["GET", "/v2/volumes/:id", async (_call, id = "") => told(cloud, await findVolume(cloud, id))],
  ["DELETE", "/v2/volumes/:id", async (_call, id = "") => remove(cloud, await findVolume(cloud, id))],
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
    // The Go client sends an empty one with a snapshot.
    const region = body["region"] || origin?.data.region;
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
    await drop(cloud, volume.id, notes);
    return { status: 204 };
  });
}

async function drop(cloud: Cloud, id: string, notes: readonly Note[]): Promise<void> {
  await removeDisk(cloud, id);
  await dropResource(cloud, "volume", id);
  for (const note of notes) if (note.data["volume"] === id) await removeNote(cloud.engine, note);
}

/** Removes a volume that is attached to nothing any more. Gone already is as good. */
export const dropVolume = (cloud: Cloud, id: string): Promise<void> =>
  withVolumes(cloud, async () => drop(cloud, id, (await look(cloud)).notes));
