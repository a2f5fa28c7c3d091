import { engineAt } from "../../src/local/engine.ts";

const kinds = [
  { list: "/containers/json", one: "/containers", query: { all: true }, remove: { force: true, v: true } },
  { list: "/networks", one: "/networks", query: {}, remove: {} },
  { list: "/volumes", one: "/volumes", query: {}, remove: { force: true } },
  { list: "/images/json", one: "/images", query: {}, remove: { force: true } },
] as const;

interface Held {
  readonly Id?: string;
  readonly Name?: string;
}

/** Removes what the engine holds of a local cloud, whatever state it is in. */
export async function putAway(cloud: string): Promise<void> {
  const engine = engineAt();
  for (const { list, one, query, remove } of kinds) {
    const filters = { label: [`slipway.cloud=${cloud}`] };
    const answer = (await engine.call("GET", list, { query: { ...query, filters } })).json();
    const held = (Array.isArray(answer) ? answer : ((answer as { Volumes: unknown }).Volumes ?? [])) as readonly Held[];
    for (const { Id, Name } of held)
      await engine.call("DELETE", `${one}/${encodeURIComponent(Id ?? Name ?? "")}`, { query: remove, accept: [404] });
  }
}
