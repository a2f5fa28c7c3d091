import { type Clock, systemClock } from "@slipway/model";
import type { Provider, Scope, Traits } from "../provider.ts";
import type { Seen, SeenMachine } from "../resource.ts";
import { selectorOf } from "./calls.ts";
import { catalogOf } from "./catalog.ts";
import type { Hetzner } from "./client.ts";
import type { Context } from "./context.ts";
import { concerned, keysOf } from "./keys.ts";
import { machineOf, machinesOf, pin, retire, start } from "./machines.ts";
import { label } from "./marks.ts";

const traits: Traits = {
  name: "hetzner",
  kinds: ["key", "machine"],
  how: { machine: { region: "replace", image: "replace", size: "while off" } },
};

export interface HetznerOptions {
  readonly stack: string;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/** A project at Hetzner, or the local cloud through Hetzner's API, for one stack. Domains and projects it has none. */
export function hetznerProvider(client: Hetzner, options: HetznerOptions): Provider {
  const { stack } = options;
  const context: Context = { client, stack, clock: options.clock ?? systemClock, signal: options.signal };
  const ours = selectorOf(label.stack, stack);
  const machines = async (): Promise<readonly SeenMachine[]> =>
    (await client.servers.list(ours)).map((server) => machineOf(server, stack));
  return {
    stack,
    traits,
    catalog: (scope) => catalogOf(context, scope),
    observe: (scope) => observeAll(context, scope),
    machines,
    makes: { key: keysOf(context), machine: machinesOf(context) },
    start: (machine) => start(context, machine),
    pin: (machine, keys, fresh) => pin(context, machine, keys, fresh),
    retire: (machine) => retire(context, machine),
    // Labels go with what they are on.
    forget: () => Promise.resolve(),
  };
}

async function observeAll({ client, stack }: Context, { wanted, adopt = [] }: Scope): Promise<readonly Seen[]> {
  const adopting = adopt.length > 0 && wanted.some((one) => one.kind === "machine");
  const [servers, keys] = await Promise.all([
    client.servers.list(adopting ? undefined : selectorOf(label.stack, stack)),
    client.keys.list(),
  ]);
  const machines = servers
    .map((server) => machineOf(server, stack))
    .filter((one) => one.ours || adopt.some(({ id }) => id === one.id));
  const publicKeys = wanted.flatMap((one) => (one.kind === "key" ? [one.publicKey] : []));
  return [...machines, ...concerned(keys, stack, publicKeys)];
}
