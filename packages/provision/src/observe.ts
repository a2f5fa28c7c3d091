import type { DigitalOcean } from "./client.ts";
import type { Seen } from "./plan.ts";
import { stackTag } from "./tags.ts";

/** Reads what a plan for the stack rests on; nothing is changed. */
export async function observe(client: DigitalOcean, stack: string): Promise<Seen> {
  const [droplets, keys, regions, sizes, images] = await Promise.all([
    client.droplets(stackTag(stack)),
    client.keys(),
    client.regions(),
    client.sizes(),
    client.images(),
  ]);
  return { droplets, keys, regions, sizes, images };
}
