import { type Clock, systemClock } from "@slipway/model";
import type { DigitalOcean } from "../client/client.ts";
import type { Provider, Traits } from "../provider.ts";
import type { SeenMachine } from "../resource.ts";
import { isOfNothingElse, isOfStack, stackTag } from "../tags.ts";
import { catalogOf } from "./catalog.ts";
import type { Context } from "./context.ts";
import { domainsOf } from "./domains.ts";
import { firewallsOf } from "./firewalls.ts";
import { keysOf } from "./keys.ts";
import { machineOf, machinesOf, pin, reservedAmong, retire, start } from "./machines.ts";
import { observeAll } from "./observe.ts";
import { projectsOf } from "./projects.ts";
import { reservedIpsOf } from "./reserved-ips.ts";
import { volumesOf } from "./volumes.ts";

const traits: Traits = {
  name: "digitalocean",
  kinds: ["key", "machine", "volume", "firewall", "reserved-ip", "domain", "record", "project"],
  how: {
    machine: { region: "replace", image: "replace", size: "while off" },
    volume: { region: "replace" },
  },
};

export interface ProviderOptions {
  readonly stack: string;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  /** How long a resource may exist before lists show it. Default 10 s. */
  readonly lagMs?: number;
}

/** DigitalOcean, or the local cloud, for one stack. */
export function digitalOceanProvider(client: DigitalOcean, options: ProviderOptions): Provider {
  const { stack } = options;
  const context: Context = {
    client,
    clock: options.clock ?? systemClock,
    signal: options.signal,
    lagMs: options.lagMs ?? 10_000,
  };
  const machines = async (): Promise<readonly SeenMachine[]> => {
    const droplets = await client.droplets.list({ tag: stackTag(stack) });
    const reserved = await reservedAmong(context, droplets);
    return droplets.map((one) => machineOf(one, stack, undefined, reserved));
  };
  return {
    stack,
    traits,
    catalog: (scope) => catalogOf(context, scope),
    observe: (scope) => observeAll(context, stack, scope),
    machines,
    makes: {
      key: keysOf(context, stack),
      machine: machinesOf(context, stack),
      volume: volumesOf(context, stack),
      firewall: firewallsOf(context, stack),
      "reserved-ip": reservedIpsOf(context, stack),
      project: projectsOf(context, stack),
      ...domainsOf(context, stack),
    },
    start: (machine) => start(context, machine),
    pin: (machine, keys, fresh) => pin(context, machine, keys, fresh),
    retire: (machine) => retire(context, machine),
    async forget() {
      // Also takes what lists never showed, and lets the local cloud put away its network.
      await client.droplets.removeTagged(stackTag(stack));
      for (const { name, resources } of await client.tags.list()) {
        const unused = resources?.count === 0 && isOfNothingElse(name);
        if (unused || isOfStack(name, stack)) await client.tags.remove(name);
      }
    },
  };
}
