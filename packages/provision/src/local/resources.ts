import { runLabel } from "./run-label.ts";
import type { Cloud } from "./state.ts";
import { cloudLabel, readLabelled } from "./store.ts";

/** A thing of the cloud besides droplets. It is labels on a volume of the engine, so that any number of processes may serve it. */
export interface Resource<T> {
  readonly id: string;
  /** ISO time of its first revision. */
  readonly createdAt: string;
  readonly data: T;
}

const label = {
  kind: "slipway.kind",
  id: "slipway.id",
  at: "slipway.at",
  revision: "slipway.revision",
  data: "slipway.data",
};

async function revisions(
  cloud: Cloud,
  kind: string,
): Promise<(Resource<unknown> & { name: string; revision: number })[]> {
  return (await readLabelled(cloud.engine, cloud.name))
    .filter(({ Labels }) => Labels?.[label.kind] === kind)
    .map(({ Name, Labels }) => ({
      name: Name,
      id: Labels?.[label.id] ?? "",
      createdAt: Labels?.[label.at] ?? "",
      revision: Number(Labels?.[label.revision] ?? 0),
      data: JSON.parse(Labels?.[label.data] ?? "null") as unknown,
    }));
}

/** All of a kind, oldest first. Of each the newest revision counts: an older one is there while a change is being made. */
export async function readResources<T>(cloud: Cloud, kind: string): Promise<Resource<T>[]> {
  const newest = new Map<string, Resource<unknown> & { revision: number }>();
  for (const one of await revisions(cloud, kind))
    if (one.revision >= (newest.get(one.id)?.revision ?? -1)) newest.set(one.id, one);
  return [...newest.values()]
    .map(({ id, createdAt, data }) => ({ id, createdAt, data: data as T }))
    .sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.id.localeCompare(b.id));
}

/** Makes it or changes it. The new revision is there before the old one goes, so that it is never missing. */
export async function putResource<T>(cloud: Cloud, kind: string, id: string, data: T): Promise<Resource<T>> {
  const before = (await revisions(cloud, kind)).filter((one) => one.id === id);
  const revision = Math.max(0, ...before.map((one) => one.revision)) + 1;
  const createdAt = before[0]?.createdAt ?? new Date().toISOString();
  const Labels = {
    [cloudLabel]: cloud.name,
    [label.kind]: kind,
    [label.id]: id,
    [label.at]: createdAt,
    [label.revision]: String(revision),
    [label.data]: JSON.stringify(data),
    ...runLabel(),
  };
  await cloud.engine.call("POST", "/volumes/create", {
    body: { Name: `slipway.${cloud.name}.${kind}.${id}.${revision}`, Labels },
  });
  for (const old of before) await cloud.engine.call("DELETE", `/volumes/${old.name}`, { accept: [404] });
  return { id, createdAt, data };
}

/** Gone already is as good. */
export async function dropResource(cloud: Cloud, kind: string, id: string): Promise<void> {
  for (const one of await revisions(cloud, kind))
    if (one.id === id) await cloud.engine.call("DELETE", `/volumes/${one.name}`, { accept: [404] });
}
