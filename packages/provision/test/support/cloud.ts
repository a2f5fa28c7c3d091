import { engineAt } from "../../src/local/engine.ts";

/** What the engine holds of a local cloud. */
export async function heldBy(cloud: string): Promise<{ containers: number; volumes: number; networks: number }> {
  const engine = engineAt();
  const query = { filters: { label: [`slipway.cloud=${cloud}`] } };
  const [containers, volumes, networks] = await Promise.all([
    engine.call("GET", "/containers/json", { query: { all: true, ...query } }),
    engine.call("GET", "/volumes", { query }),
    engine.call("GET", "/networks", { query }),
  ]);
  const count = (all: unknown): number => (Array.isArray(all) ? all.length : 0);
  const named = (volumes.json() as { Volumes: unknown }).Volumes;
  return { containers: count(containers.json()), volumes: count(named), networks: count(networks.json()) };
}

export const nothing = { containers: 0, volumes: 0, networks: 0 };
