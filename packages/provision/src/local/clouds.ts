import { type Engine, hasStatus } from "./engine.ts";
import { removePlumbing } from "./remove-plumbing.ts";
import { cloudLabel, nameOf } from "./store.ts";

/** A local cloud as the engine's labels tell of it, whether something serves it or not. */
export interface CloudSummary {
  readonly name: string;
  readonly machines: {
    readonly id: number;
    readonly name: string;
    readonly status: string;
    readonly address: string;
    readonly region: string;
    readonly size: string;
    /** Of the stack that made it; empty for one that was made otherwise. */
    readonly stack: string;
  }[];
  /** How many of each other kind it has, by kind. */
  readonly others: Readonly<Record<string, number>>;
}

interface Labelled {
  readonly Labels: Readonly<Record<string, string>> | null;
}
interface LabelledContainer extends Labelled {
  readonly Names: readonly string[];
  readonly State: string;
}
interface LabelledVolume extends Labelled {
  readonly Name: string;
}

const labelled = (label: string): { filters: object } => ({ filters: { label: [label] } });

async function volumesOf(engine: Engine, label: string): Promise<readonly LabelledVolume[]> {
  const seen = await engine.call("GET", "/volumes", { query: labelled(label) });
  return (seen.json() as { Volumes: LabelledVolume[] | null }).Volumes ?? [];
}

/** Actions and changes of tags are a cloud's memory, not things of its own. */
const memory = new Set(["action", "ended", "tagged"]);

/** All local clouds of an engine, by name. Clouds of every kind are looked at from outside: only the labels that all have are needed. */
export async function listClouds(engine: Engine): Promise<readonly CloudSummary[]> {
  const query = labelled(cloudLabel);
  const [seen, networks, volumes] = await Promise.all([
    engine.call("GET", "/containers/json", { query: { all: true, ...query } }),
    engine.call("GET", "/networks", { query }),
    volumesOf(engine, cloudLabel),
  ]);
  const containers = seen.json() as LabelledContainer[];
  const all: Labelled[] = [...containers, ...(networks.json() as Labelled[]), ...volumes];
  const names = [...new Set(all.flatMap(({ Labels }) => Labels?.[cloudLabel] ?? []))].sort((a, b) =>
    a.localeCompare(b),
  );
  const of = <T extends Labelled>(some: readonly T[], name: string): readonly T[] =>
    some.filter(({ Labels }) => Labels?.[cloudLabel] === name);
  return names.map((name) => {
    const machines = of(containers, name).flatMap((one) => machineOf(one));
    return {
      name,
      machines: machines.sort((a, b) => a.stack.localeCompare(b.stack) || a.name.localeCompare(b.name)),
      others: countKinds(of(volumes, name)),
    };
  });
}

/** Other containers of a cloud, such as one that names its machines, are none. */
function machineOf({ Names, State, Labels }: LabelledContainer): CloudSummary["machines"] {
  const of = (name: string): string => Labels?.[`slipway.${name}`] ?? "";
  if (of("droplet") === "") return [];
  return [
    {
      id: Number(of("droplet")),
      name: nameOf(Names[0] ?? ""),
      status: State === "created" ? "new" : State === "running" ? "active" : "off",
      address: of("address"),
      region: of("region"),
      size: of("size"),
      stack: /"slipway:stack:([^"]+)"/.exec(of("tags"))?.[1] ?? "",
    },
  ];
}

function countKinds(volumes: readonly LabelledVolume[]): CloudSummary["others"] {
  const ids = new Map<string, Set<string>>();
  for (const { Name, Labels } of volumes) {
    const kind = Labels?.["slipway.kind"] ?? Labels?.["slipway.note"] ?? "disk";
    if (!memory.has(kind)) ids.set(kind, (ids.get(kind) ?? new Set()).add(Labels?.["slipway.id"] ?? Name));
  }
  return Object.fromEntries([...ids].map(([kind, some]) => [kind, some.size]));
}

/**
 * Removes everything of a local cloud from the engine: containers with what they hold, volumes, networks, images of its own. May be repeated; gives
 * how many things are gone. Who serves it meanwhile must be ended before.
 */
export async function removeCloud(engine: Engine, name: string): Promise<number> {
  const label = `${cloudLabel}=${name}`;
  const query = labelled(label);
  let gone = 0;
  const remove = async (path: string, more: Readonly<Record<string, boolean>> = {}): Promise<void> => {
    try {
      await engine.call("DELETE", path, { query: more, accept: [404] });
      gone += 1;
    } catch (error) {
      // Somebody else removes it at this moment.
      if (!hasStatus(error, 409) || !/already in progress/.test(String(error))) throw error;
    }
  };
  const containers = await engine.call("GET", "/containers/json", { query: { all: true, ...query } });
  const ids = (containers.json() as { Id: string }[]).map((one) => one.Id);
  await Promise.all(ids.map((id) => remove(`/containers/${id}`, { force: true, v: true })));
  await removePlumbing(engine, name);
  for (const { Name } of await volumesOf(engine, label)) await remove(`/volumes/${Name}`);
  const networks = await engine.call("GET", "/networks", { query });
  for (const { Id } of networks.json() as { Id: string }[]) await remove(`/networks/${Id}`);
  const images = await engine.call("GET", "/images/json", { query });
  for (const { Id } of images.json() as { Id: string }[]) await remove(`/images/${Id}`, { force: true });
  return gone;
}
