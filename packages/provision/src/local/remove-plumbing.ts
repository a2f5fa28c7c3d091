import { detachDisks, sweepDisks } from "./disks.ts";
import type { Engine } from "./engine.ts";
import { filterRules } from "./filter.ts";
import { help, sweepHelpers } from "./helper.ts";

/**
 * Takes away what a cloud has on the engine's machine besides what the engine knows of: its loop devices, its filter; and helpers that were left.
 * For who removes all of a cloud: its containers are gone, its volumes are still there. May be repeated.
 */
export async function removePlumbing(engine: Engine, name: string): Promise<void> {
  const seen = await engine.call("GET", "/images/json", { query: { filters: { reference: ["slipway/host"] } } });
  const [image] = (seen.json() as { RepoTags: readonly string[] | null }[]).flatMap((one) => one.RepoTags ?? []);
  const cloud = { engine, name };
  // Without an image there was never a helper, so there is nothing.
  if (image !== undefined) {
    const able = { ...cloud, image: () => Promise.resolve(image) };
    await detachDisks(able);
    await sweepDisks(able);
    await help(able, { on: "filter", script: "nft -f /input", input: filterRules(name, []), network: true });
  }
  await sweepHelpers(cloud, -60);
}
