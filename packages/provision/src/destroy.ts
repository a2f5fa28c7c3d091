import { type Clock, systemClock } from "@slipway/model";
import type { DigitalOcean } from "./client/client.ts";
import { fail } from "./errors.ts";
import { machineInfo } from "./machines.ts";
import { isOfOneStack, stackTag } from "./tags.ts";

export interface DestroyOptions {
  readonly client: DigitalOcean;
  readonly onEvent?: (event: { readonly host: string; readonly step: "destroyed" }) => void;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/** Removes the machines of a stack and its keys, and resolves when the cloud lists none of them any more. May be repeated. */
export async function destroyStack(
  stack: string,
  options: DestroyOptions,
): Promise<{ readonly machines: readonly string[]; readonly keys: readonly string[] }> {
  const { client } = options;
  const clock = options.clock ?? systemClock;
  const droplets = await client.droplets.list({ tag: stackTag(stack) });
  await Promise.all(
    droplets.map(async (droplet) => {
      // The machine last: while it is there, its tags are found again. Host tags stay: another stack may have a host of that name.
      for (const tag of droplet.tags) if (isOfOneStack(tag)) await client.tags.remove(tag);
      await client.droplets.remove(droplet.id);
      options.onEvent?.({ host: machineInfo(droplet).name, step: "destroyed" });
    }),
  );
  const until = clock.monotonic() + 120_000;
  // Also takes what appeared meanwhile, and lets the local cloud put away its network.
  for (;;) {
    await client.droplets.removeTagged(stackTag(stack));
    if ((await client.droplets.list({ tag: stackTag(stack) })).length === 0) break;
    if (clock.monotonic() > until) throw fail("machine.slow", `machines of ${stack} are still listed`);
    await clock.sleep(1_000, options.signal);
  }
  const keys = (await client.keys.list()).filter((key) => key.name.startsWith(`slipway:${stack}:`));
  await Promise.all(keys.map((key) => client.keys.remove(key.id)));
  await client.tags.remove(stackTag(stack));
  const machines = droplets.map((droplet) => machineInfo(droplet).name).sort((a, b) => a.localeCompare(b));
  return { machines, keys: keys.map((key) => key.name) };
}
