import type { DigitalOcean } from "./client/client.ts";
import type { Seen } from "./plan.ts";
import { stackTag } from "./tags.ts";

/** Reads what a plan for the stack rests on; nothing is changed. */
export async function observe(client: DigitalOcean, stack: string): Promise<Seen> {
  const [droplets, keys, regions, sizes, images] = await Promise.all([
    client.droplets.list({ tag: stackTag(stack) }),
    client.keys.list(),
    client.regions.list(),
    client.sizes.list(),
    client.images.list({ type: "distribution" }),
  ]);
  return { droplets, keys, regions, sizes, images };
}
