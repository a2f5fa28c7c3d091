import { type Clock, systemClock } from "@slipway/model";
import type { DigitalOcean } from "../client/client.ts";
import { ownersText } from "../owners.ts";
import type { Provider, Traits } from "../provider.ts";
import { refOf, type Seen, type SeenMachine } from "../resource.ts";
import { isOfNothingElse, isOfStack, stacksOfTags, stackTag } from "../tags.ts";
import { catalogOf } from "./catalog.ts";
import type { Context } from "./context.ts";
import { domainsOf } from "./domains.ts";
import { firewallsOf } from "./firewalls.ts";
import { keysOf } from "./keys.ts";
import { machineOf, machinesOf, pin, reservedAmong, retire, start } from "./machines.ts";
import { type Counts, observeAll } from "./observe.ts";
import { projectsOf } from "./projects.ts";
import { reservedIpsOf } from "./reserved-ips.ts";
import { roomOf } from "./room.ts";
import { volumeOf, volumesOf } from "./volumes.ts";

const traits: Traits = {
  name: "digitalocean",
  kinds: ["key", "machine", "volume", "firewall", "reserved-ip", "domain", "record", "project"],
  how: {
    machine: { region: "replace", image: "replace", size: "while off" },
    volume: { region: "replace" },
  },
  addressesEach: 1,
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
    return droplets.map((one) => machineOf(one, stack, undefined, reserved)).filter((one) => one.ours);
  };
  /** What the last look listed for all the account. */
  let listed: Counts = {};
  return {
    stack,
    traits,
    catalog: (scope) => catalogOf(context, scope),
    room: (kinds) => roomOf(context, kinds, listed),
    async observe(scope) {
      const { seen, counts } = await observeAll(context, stack, scope);
      listed = counts;
      return seen;
    },
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
      const left = await lateOnes(context, stack);
      if (left.length > 0) return left;
      for (const { name, resources } of await client.tags.list()) {
        const unused = resources?.count === 0 && isOfNothingElse(name);
        if (unused || isOfStack(name, stack)) await client.tags.remove(name);
      }
      // Also lets the local cloud put away its network.
      await client.tags.remove(stackTag(stack));
      return [];
    },
  };
}

/** Removes machines of the stack's alone that lists showed late. Resolves with what else carries its tag, which stays as it is. */
async function lateOnes(context: Context, stack: string): Promise<readonly string[]> {
  const { client } = context;
  const tagged = (tags: readonly string[]): boolean => stacksOfTags(tags).includes(stack);
  const [droplets, volumes] = await Promise.all([
    client.droplets.list({ tag: stackTag(stack) }),
    client.volumes.list(),
  ]);
  const machines = droplets.map((one) => machineOf(one, stack));
  const gone = machines.filter((one) => one.ours && !one.protect);
  for (const one of gone) await machinesOf(context, stack).remove(one);
  return [
    ...machines.filter((one) => !gone.includes(one)),
    ...volumes.filter(({ tags }) => tagged(tags)).map((one) => volumeOf(one, stack, machines)),
  ].map((one) => `${refOf(one)} (${one.id}) ${leftBecause(one)}`);
}

const leftBecause = ({ owners, protect }: Seen<"machine"> | Seen<"volume">): string =>
  owners !== undefined ? `carries the marks of ${ownersText(owners)}` : protect ? "is protected" : "appeared meanwhile";
