import { type DigitalOcean, digitalOcean } from "@slipway/provision";
import { startLocalCloud } from "@slipway/provision/local/cloud";
import { faultKinds, faultsOf } from "@slipway/provision/local/faults";
import { noLimits } from "@slipway/provision/local/limits";
import { front } from "../front.ts";
import type { Tally } from "../support.ts";
import { control, patience } from "./patience.ts";

/** What tells of the machines that an engine ever made. */
interface Engine {
  readonly socket: string;
  readonly made: (is: (labels: Readonly<Record<string, string>>) => boolean) => number;
}

export interface HostileCloud extends AsyncDisposable {
  /** Asks through a front that counts. */
  readonly client: DigitalOcean;
  /** Tries that who has no patience is caught. */
  readonly control: () => Promise<void>;
}

/** A local cloud on this engine with every fault on, by `SEED`, and `RATE` or the usual one; what goes on is counted. */
export async function hostileCloud(
  name: string,
  { engine, tally, usualRate }: { readonly engine: Engine; readonly tally: Tally; readonly usualRate: number },
): Promise<HostileCloud> {
  const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
  const rate = Number(process.env["RATE"] ?? usualRate);
  process.stdout.write(`SEED=${seed} RATE=${rate}\n`);
  const cloud = await startLocalCloud({
    name,
    dockerSocket: engine.socket,
    limits: noLimits,
    faults: faultsOf(faultKinds, { rate, seed }),
    onFailure: (error) => {
      tally.add("failures behind an answer");
      process.stderr.write(`${String(error)}\n`);
    },
  });
  const watch = patience(tally);
  const before = await front(cloud.url, watch.watching);
  const client = await digitalOcean({
    url: before.url,
    token: () => Promise.resolve(cloud.token),
    fetch: watch.asks,
    lagMs: 4_000,
    limits: [],
  });
  return {
    client,
    control: () =>
      control({
        tally,
        patience: watch,
        url: before.url,
        token: cloud.token,
        made: (tags) => engine.made((labels) => labels["slipway.tags"] === tags),
        remove: (tag) => client.droplets.removeTagged(tag),
      }),
    async [Symbol.asyncDispose]() {
      await before[Symbol.asyncDispose]();
      await cloud[Symbol.asyncDispose]();
    },
  };
}
