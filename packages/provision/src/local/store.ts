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
  /** Slug of a base image, or the number of one of the account's own. */
  readonly image: string;
  readonly tags: readonly string[];
  readonly rootKeys: readonly string[];
  readonly userData: string;
  readonly options: DropletOptions;
  readonly address: string;
  readonly createAction: number;
  /** Ids of the volumes to be attached before it first runs. */
  readonly volumes: readonly string[];
  readonly vpc: string;
  /** With the length of its network's prefix. */
  readonly privateAddress: string;
  /** All of the container's labels, which the one in its place has too. */
  readonly labels: Readonly<Record<string, string>>;
  /** Counts the containers that the droplet has had. */
  readonly generation: number;
  /** The action that this container was made by, 0 for the creation. */
  readonly madeBy: number;
  /** Whether the container ran yet. */
  readonly booted: boolean;
  /** A container that is about to take this one's place. */
  readonly next: { readonly container: string; readonly madeBy: number } | undefined;
}

/** What was asked at the creation, or changed by an action since. */
export interface DropletOptions {
  /** Gigabytes; grows with the size only when that is asked. */
  readonly disk: number;
  readonly backups?: BackupPolicy | null;
  readonly ipv6?: boolean;
  readonly monitoring?: boolean;
  readonly agent?: boolean;
  /** ISO times before which lists, or a call by its id, do not show it. */
  readonly listedAt?: string;
  readonly foundAt?: string;
  readonly sshLateMs?: number;
}

export interface BackupPolicy {
  readonly plan: "daily" | "weekly";
  readonly weekday?: string;
  readonly hour: number;
}
export interface Note {
  readonly volume: string;
  readonly kind: "key" | "tag" | "tagged" | "action" | "ended" | "changed";
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
  readonly options: DropletOptions;
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
  [label("user-data")]: gzipSync(droplet.userData).toString("base64"),
  [label("volumes")]: JSON.stringify(droplet.volumes),
  [label("options")]: JSON.stringify(droplet.options),
});

/** Labels of the container that takes the place of the one that a droplet has. */
export const successorLabels = (
  cloud: string,
  droplet: DropletRecord,
  change: { readonly image: string; readonly action: number },
): Record<string, string> => ({
  ...droplet.labels,
  ...dropletLabels(
    cloud,
    { id: droplet.id, action: droplet.createAction },
    { ...droplet, image: change.image, volumes: [] },
  ),
  [label("created")]: droplet.createdAt,
  [label("generation")]: String(droplet.generation + 1),
  [label("made-by")]: String(change.action),
});

/** The container's name shows the droplet's; a rename of the one is a rename of the other. */
export const containerName = (cloud: string, id: number, name: string, generation = 1): string =>
  `slipway.${cloud}.${id}${generation > 1 ? `-${generation}` : ""}.${name}`;

/** The droplet's name, of its container's as the engine tells it. */
export const nameOf = (container: string): string => container.replace(/^\/slipway\.[^.]*\.[^.]*\./, "");

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

function record(seen: SeenContainer, notes: readonly Note[], next: SeenContainer | undefined): DropletRecord {
  const of = (name: string): string => seen.Labels[label(name)] ?? "";
  const id = Number(of("droplet"));
  const tags = new Set(list(seen.Labels[label("tags")]));
  let size = of("size");
  let options = JSON.parse(of("options") || '{"disk":25}') as DropletOptions;
  for (const note of notes) {
    if (note.droplet !== id) continue;
    if (note.kind === "changed") {
      size = note.data["size"] ?? size;
      options = { ...options, ...(JSON.parse(note.data["options"] ?? "{}") as Partial<DropletOptions>) };
    }
    if (note.kind !== "tagged") continue;
    if (note.data["op"] === "add") tags.add(note.data["tag"] ?? "");
    else tags.delete(note.data["tag"] ?? "");
  }
  const generation = Number(of("generation") || 1);
  const booted = seen.State !== "created";
  const stopped = !booted || seen.State === "exited" || seen.State === "dead";
  return {
    id,
    container: seen.Id,
    name: nameOf(seen.Names[0] ?? ""),
    // A container in another's place was never new.
    status: !booted && generation === 1 ? "new" : stopped ? "off" : "active",
    createdAt: of("created"),
    region: of("region"),
    size,
    image: of("image"),
    tags: [...tags],
    rootKeys: list(seen.Labels[label("root-keys")]),
    userData: gunzipSync(Buffer.from(of("user-data"), "base64")).toString(),
    options,
    address: seen.Labels[addressLabel] ?? "",
    createAction: Number(of("action")),
    volumes: list(seen.Labels[label("volumes")]),
    vpc: of("vpc"),
    privateAddress: of("private"),
    labels: seen.Labels,
    generation,
    madeBy: madeBy(seen),
    booted,
    next: next && { container: next.Id, madeBy: madeBy(next) },
  };
}

const madeBy = (seen: SeenContainer): number => Number(seen.Labels[label("made-by")] || 0);
const generationOf = (seen: SeenContainer): number => Number(seen.Labels[label("generation")] || 1);

const filters = (cloud: string): object => ({ filters: { label: [`${cloudLabel}=${cloud}`] } });

/** All droplets and notes of a cloud, oldest first. */
export async function readStore(engine: Engine, cloud: string): Promise<{ droplets: DropletRecord[]; notes: Note[] }> {
  // Notes first: a note is younger than its droplet, so one whose droplet is not seen afterwards belongs to none.
  const notes = await readNotes(engine, cloud);
  const of = { filters: { label: [`${cloudLabel}=${cloud}`, label("droplet")] } };
  const containers = await engine.call("GET", "/containers/json", { query: { all: true, ...of } });
  const generations = new Map<string, SeenContainer[]>();
  for (const seen of containers.json() as SeenContainer[]) {
    const id = seen.Labels[label("droplet")];
    // Labels that an image had are there, but empty.
    if (seen.State !== "removing" && id !== undefined && id !== "")
      generations.set(id, [...(generations.get(id) ?? []), seen]);
  }
  const droplets = [...generations.values()]
    .map((all) => all.toSorted((a, b) => generationOf(a) - generationOf(b)))
    // The oldest is the droplet until it is removed: a younger one is still being made.
    .flatMap(([current, next]) => (current === undefined ? [] : [record(current, notes, next)]))
    .sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.id - b.id);
  return { droplets, notes };
}

/** All containers of a droplet: what it is, and what may take its place. */
export async function containersOf(engine: Engine, cloud: string, id: number): Promise<string[]> {
  const label = [`${cloudLabel}=${cloud}`, `slipway.droplet=${id}`];
  const seen = await engine.call("GET", "/containers/json", { query: { all: true, filters: { label } } });
  return (seen.json() as SeenContainer[]).map(({ Id }) => Id);
}

/** All of a cloud's volumes, whatever they hold: asked for in one way, so that those who ask at once share the answer. */
export async function readLabelled(engine: Engine, cloud: string): Promise<readonly SeenVolume[]> {
  const seen = await engine.call("GET", "/volumes", { query: filters(cloud) as Record<string, object> });
  return (seen.json() as { Volumes: SeenVolume[] | null }).Volumes ?? [];
}

export async function readNotes(engine: Engine, cloud: string): Promise<Note[]> {
  return (await readLabelled(engine, cloud))
    .filter(({ Labels }) => Labels?.[label("note")] !== undefined)
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
