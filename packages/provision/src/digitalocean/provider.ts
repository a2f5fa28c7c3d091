import { type Clock, systemClock } from "@slipway/model";
import type { DigitalOcean } from "../client/client.ts";
import type { Provider, Scope, Traits } from "../provider.ts";
import type { Seen, SeenMachine } from "../resource.ts";
import { isOfStack, stackTag } from "../tags.ts";
import { catalogOf } from "./catalog.ts";
import type { Context } from "./context.ts";
import { concerned, keysOf } from "./keys.ts";
import { machineOf, machinesOf, pin, retire, start } from "./machines.ts";

const traits: Traits = {
  name: "digitalocean",
  kinds: ["key", "machine"],
  how: { machine: { region: "replace", image: "replace", size: "while off" } },
};

export interface ProviderOptions {
  readonly stack: string;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/** DigitalOcean, or the local cloud, for one stack. */
export function digitalOceanProvider(client: DigitalOcean, options: ProviderOptions): Provider {
  const { stack } = options;
  const context: Context = { client, clock: options.clock ?? systemClock, signal: options.signal };
  const machines = async (): Promise<readonly SeenMachine[]> =>
    (await client.droplets.list({ tag: stackTag(stack) })).map((one) => machineOf(one, stack));
  return {
    stack,
    traits,
    catalog: (scope) => catalogOf(context, scope),
    observe: (scope) => observeAll(context, stack, scope),
    machines,
    makes: { key: keysOf(context, stack), machine: machinesOf(context, stack) },
    start: (machine) => start(context, machine),
    pin: (machine, keys, fresh) => pin(context, machine, keys, fresh),
    retire: (machine) => retire(context, machine),
    async forget() {
      // Also takes what lists never showed, and lets the local cloud put away its network.
      await client.droplets.removeTagged(stackTag(stack));
      for (const tag of await client.tags.list()) if (isOfStack(tag.name, stack)) await client.tags.remove(tag.name);
    },
  };
}

async function observeAll({ client }: Context, stack: string, { wanted, adopt = [] }: Scope): Promise<readonly Seen[]> {
  const adopting = adopt.length > 0 && wanted.some((one) => one.kind === "machine");
  const [droplets, others, keys] = await Promise.all([
    client.droplets.list({ tag: stackTag(stack) }),
    adopting ? client.droplets.list() : [],
    client.keys.list(),
  ]);
  const ours = droplets.map((one) => machineOf(one, stack));
  const adoptable = others.map((one) => machineOf(one, stack)).filter((one) => !one.ours && adopt.includes(one.id));
  const publicKeys = wanted.flatMap((one) => (one.kind === "key" ? [one.publicKey] : []));
  return [...ours, ...adoptable, ...concerned(keys, stack, publicKeys)];
}
