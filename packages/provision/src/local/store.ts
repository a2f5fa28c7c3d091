import { gunzipSync, gzipSync } from "node:zlib";
import type { Engine } from "./engine.ts";
import { addressLabel } from "./network.ts";
import { runLabel } from "./run-label.ts";

/**
 * Everything the cloud knows is read from labels of objects in the engine, each time: droplets are containers; keys, actions and later changes of
 * tags are empty volumes. So any number of processes serve the same cloud, and none has anything to lose.
 */
export interface DropletRecord {
  readonly id: number;
  readonly container: string;
  readonly name: string;
  readonly status: "new" | "active" | "off";
  readonly createdAt: string;
  readonly region: string;
  readonly size: string;
  readonly image: string;
  readonly tags: readonly string[];
  readonly rootKeys: readonly string[];
  readonly userData: string;
  readonly address: string;
  readonly createAction: number;
  /** Ids of the volumes to be attached before it first runs. */
  readonly volumes: readonly string[];
  readonly vpc: string;
  /** With the length of its network's prefix. */
  readonly privateAddress: string;
}
export interface Note {
  readonly volume: string;
  readonly kind: "key" | "tag" | "tagged" | "action" | "ended";
  readonly id: string;
  /** The droplet it belongs to; undefined for keys and tags. */
  readonly droplet: number | undefined;
  readonly at: string;
  readonly data: Readonly<Record<string, string>>;
}

const label = (name: string): string => `slipway.${name}`;
export const cloudLabel = label("cloud");

export interface NewDroplet {
  readonly name: string;
  readonly region: string;
  readonly size: string;
  readonly image: string;
  readonly tags: readonly string[];
  readonly rootKeys: readonly string[];
  readonly userData: string;
  readonly volumes: readonly string[];
}

/** Labels that hold all of a new droplet. User data is packed; 64 KiB fit. */
export const dropletLabels = (
  cloud: string,
  ids: { id: number; action: number },
  droplet: NewDroplet,
): Record<string, string> => ({
  [cloudLabel]: cloud,
  [label("droplet")]: String(ids.id),
  [label("action")]: String(ids.action),
  [label("created")]: stamp(),
  [label("region")]: droplet.region,
  [label("size")]: droplet.size,
  [label("image")]: droplet.image,
  [label("tags")]: JSON.stringify(droplet.tags),
  [label("root-keys")]: JSON.stringify(droplet.rootKeys),
  [label("volumes")]: JSON.stringify(droplet.volumes),
  [label("user-data")]: gzipSync(droplet.userData).toString("base64"),
});

/** The container's name shows the droplet's; a rename of the one is a rename of the other. */
export const containerName = (cloud: string, id: number, name: string): string => `slipway.${cloud}.${id}.${name}`;

/** Now, to the second, as DigitalOcean writes times. */
export const stamp = (): string => new Date().toISOString().replace(/\.\d+Z$/, "Z");

/** A new id, as an integer; what is random needs no counter that processes would have to share. */
export const newId = (): number => 100_000_000 + Math.floor(Math.random() * 1_900_000_000);

interface SeenContainer {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly State: string;
  readonly Labels: Readonly<Record<string, string>>;
}
interface SeenVolume {
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>> | null;
}

const list = (text: string | undefined): readonly string[] =>
  text === undefined ? [] : (JSON.parse(text) as string[]);

function record(cloud: string, seen: SeenContainer, notes: readonly Note[]): DropletRecord {
  const of = (name: string): string => seen.Labels[label(name)] ?? "";
  const id = Number(of("droplet"));
  const tags = new Set(list(seen.Labels[label("tags")]));
  for (const note of notes) {
    if (note.kind !== "tagged" || note.droplet !== id) continue;
    if (note.data["op"] === "add") tags.add(note.data["tag"] ?? "");
    else tags.delete(note.data["tag"] ?? "");
  }
  const shown = seen.Names[0]?.slice(1) ?? "";
  return {
    id,
    container: seen.Id,
    name: shown.slice(containerName(cloud, id, "").length),
    status: seen.State === "created" ? "new" : seen.State === "exited" || seen.State === "dead" ? "off" : "active",
    createdAt: of("created"),
    region: of("region"),
    size: of("size"),
    image: of("image"),
    tags: [...tags],
    rootKeys: list(seen.Labels[label("root-keys")]),
    userData: gunzipSync(Buffer.from(of("user-data"), "base64")).toString(),
    address: seen.Labels[addressLabel] ?? "",
    createAction: Number(of("action")),
    volumes: list(seen.Labels[label("volumes")]),
    vpc: of("vpc"),
    privateAddress: of("private"),
  };
}

const filters = (cloud: string): object => ({ filters: { label: [`${cloudLabel}=${cloud}`] } });

/** All droplets and notes of a cloud, oldest first. */
export async function readStore(engine: Engine, cloud: string): Promise<{ droplets: DropletRecord[]; notes: Note[] }> {
  // Notes first: a note is younger than its droplet, so one whose droplet is not seen afterwards belongs to none.
  const notes = await readNotes(engine, cloud);
  const containers = await engine.call("GET", "/containers/json", { query: { all: true, ...filters(cloud) } });
  const droplets = (containers.json() as SeenContainer[])
    .filter((seen) => seen.State !== "removing")
    .map((seen) => record(cloud, seen, notes))
    .sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.id - b.id);
  return { droplets, notes };
}

export async function readNotes(engine: Engine, cloud: string): Promise<Note[]> {
  const seen = await engine.call("GET", "/volumes", { query: filters(cloud) as Record<string, object> });
  return ((seen.json() as { Volumes: SeenVolume[] | null }).Volumes ?? [])
    .map(({ Name, Labels }): Note => {
      const of = (name: string): string => Labels?.[label(name)] ?? "";
      const data = JSON.parse(of("data") || "{}") as Record<string, string>;
      const droplet = of("of") === "" ? undefined : Number(of("of"));
      return { volume: Name, kind: of("note") as Note["kind"], id: of("id"), droplet, at: of("at"), data };
    })
    .sort((a, b) => a.at.localeCompare(b.at));
}

export async function writeNote(
  engine: Engine,
  cloud: string,
  note: Pick<Note, "kind" | "id" | "droplet" | "data">,
): Promise<Note> {
  const at = new Date().toISOString();
  const volume = `slipway.${cloud}.${note.kind}.${note.id}`;
  const Labels = {
    [cloudLabel]: cloud,
    [label("note")]: note.kind,
    [label("id")]: note.id,
    [label("at")]: at,
    [label("data")]: JSON.stringify(note.data),
    ...(note.droplet === undefined ? {} : { [label("of")]: String(note.droplet) }),
  };
  await engine.call("POST", "/volumes/create", { body: { Name: volume, Labels: { ...Labels, ...runLabel() } } });
  return { ...note, volume, at };
}

export const removeNote = async (engine: Engine, note: Note): Promise<void> => {
  await engine.call("DELETE", `/volumes/${note.volume}`, { accept: [404] });
};
