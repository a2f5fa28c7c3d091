import { type Clock, systemClock } from "@slipway/model";
import type { Provider, Traits } from "../provider.ts";
import type { SeenMachine } from "../resource.ts";
import { selectorOf } from "./calls.ts";
import { catalogOf } from "./catalog.ts";
import type { Hetzner } from "./client.ts";
import type { Context } from "./context.ts";
import { firewallsOf } from "./firewalls.ts";
import { keysOf } from "./keys.ts";
import { machineOf, machinesOf, pin, retire, start } from "./machines.ts";
import { label } from "./marks.ts";
import { observeAll } from "./observe.ts";
import { reservedIpsOf } from "./reserved-ips.ts";
import { volumesOf } from "./volumes.ts";

const traits: Traits = {
  name: "hetzner",
  kinds: ["key", "machine", "volume", "firewall", "reserved-ip"],
  how: { machine: { region: "replace", image: "replace", size: "while off" }, volume: { region: "replace" } },
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
  const firewalls = firewallsOf(context, machines);
  return {
    stack,
    traits,
    catalog: (scope) => catalogOf(context, scope),
    // The API tells of no limit; what is too much is refused with `quota.exceeded`.
    room: () => Promise.resolve({}),
    observe: (scope) => observeAll(context, scope),
    machines,
    makes: {
      key: keysOf(context),
      machine: machinesOf(context),
      volume: volumesOf(context),
      firewall: firewalls,
      "reserved-ip": reservedIpsOf(context),
    },
    start: (machine) => start(context, machine),
    async pin(machine, keys, fresh) {
      await pin(context, machine, keys, fresh);
      // From now on it is there, with its address: rules that name it let it through.
      await firewalls.refresh();
    },
    retire: (machine) => retire(context, machine),
    // Labels go with what they are on.
    forget: () => Promise.resolve([]),
  };
}
