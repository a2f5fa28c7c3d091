import { engineAt } from "../../src/local/engine.ts";

/** Marks that all stacks of an account share. They stay in it: what sweeps them could take them off another stack. */
const shared = /^slipway:(?:data:[^:]+|fresh|protected|retired)$/;
const isShared = ({ Labels }: SeenVolume): boolean =>
  Labels["slipway.note"] === "tag" &&
  shared.test((JSON.parse(Labels["slipway.data"] ?? "{}") as { name?: string }).name ?? "");

interface SeenVolume {
  readonly Labels: Readonly<Record<string, string>>;
}

/** What the engine holds of a local cloud, besides marks that all its stacks share. */
export async function heldBy(cloud: string): Promise<{ containers: number; volumes: number; networks: number }> {
  const engine = engineAt();
  const query = { filters: { label: [`slipway.cloud=${cloud}`] } };
  const [containers, volumes, networks] = await Promise.all([
    engine.call("GET", "/containers/json", { query: { all: true, ...query } }),
    engine.call("GET", "/volumes", { query }),
    engine.call("GET", "/networks", { query }),
  ]);
  const count = (all: unknown): number => (Array.isArray(all) ? all.length : 0);
  const own = ((volumes.json() as { Volumes: SeenVolume[] | null }).Volumes ?? []).filter((one) => !isShared(one));
  return { containers: count(containers.json()), volumes: own.length, networks: count(networks.json()) };
}

export const nothing = { containers: 0, volumes: 0, networks: 0 };
