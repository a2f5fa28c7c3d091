import { setTimeout as sleep } from "node:timers/promises";
import { ssh } from "@slipway/connection";
import { SlipwayError } from "@slipway/model";
import {
  applyProvision,
  changesOf,
  destroyStack,
  digitalOceanProvider,
  droplet,
  generateSshKey,
  observe,
  planProvision,
  wantedOf,
} from "@slipway/provision";
import { held, resourcesFor } from "../provisioning.ts";
import { countOr, Tally } from "../support.ts";
import { countedEngine } from "./counted-engine.ts";
import { hostileCloud } from "./hostile-cloud.ts";

// The same on machines that are there: from plan to ready by the real apply, run again until all is done, and destroyed; a few at a time. A volume
// and a reserved address stand beside the first of each wave, so that actions are refused, too.
const count = countOr(20, 4);
const atOnce = 5;
const runs = 6;
const stack = `faults-${process.pid}`;
const tally = new Tally();

await using engine = await countedEngine();
await using cloud = await hostileCloud(stack, { engine, tally, usualRate: 0.2 });
const { client } = cloud;
const provider = digitalOceanProvider(client, { stack });
const operator = generateSshKey("operator");
const on = droplet({ cloud: "local", region: "lon1", size: "s-1vcpu-1gb" });

/** Runs until one is done; what stops a run is counted. */
async function untilDone(what: string, run: () => Promise<unknown>): Promise<void> {
  const began = performance.now();
  for (let attempt = 1; attempt <= runs; attempt += 1) {
    try {
      await run();
      tally.time(what, performance.now() - began);
      return;
    } catch (error) {
      const code = error instanceof SlipwayError ? error.code : String(error);
      tally.add(`gave up for this run: ${code}`);
      process.stderr.write(`${what}, run ${attempt}: ${String(error)}\n`);
    }
  }
  tally.add(`not done in ${runs} runs`);
}

async function wave(names: readonly string[]): Promise<void> {
  const hosts = names.map((name) => ({ name, on }));
  const wanted = wantedOf(hosts, resourcesFor(hosts, { kinds: ["volume", "reserved-ip"], stack }), operator.publicKey);
  const plan = async () => planProvision(wanted, await observe(provider, { wanted }), { stack });
  const ready = new Set<string>();
  await untilDone("from plan to ready", async () => {
    const { failed } = await applyProvision(await plan(), {
      provider,
      connect: (address, signal) => ssh(address, { privateKey: operator.privateKey }, { signal, waitMs: 60_000 }),
      onEvent: ({ name, step }) => void (step === "ready" && ready.add(name)),
    });
    const [first] = failed;
    if (first !== undefined) throw first.error;
  });
  const there = (await held(stack)).hosts;
  for (const name of names) {
    const made = engine.made((labels) => (labels["slipway.tags"] ?? "").includes(`"slipway:host:${name}"`));
    if (made > 1) tally.add("made twice");
    const now = there.filter((one) => one === name).length;
    tally.add(now === 1 && ready.has(name) ? "machines ready" : "lost");
    if (now > 1) tally.add("there twice");
  }
  await untilDone("the plan after", async () => {
    if (changesOf(await plan()) > 0) tally.add("not idle in the run after");
  });
  await untilDone("destroyed", () => destroyStack({ provider }));
  // What a request that gave up had set going is to be seen too.
  await sleep(1_000);
  const left = await held(stack);
  if (left.hosts.length + left.others > 0) {
    tally.add("left after destroy");
    process.stderr.write(`left: ${JSON.stringify(left)}\n`);
  }
}

for (let from = 1; from <= count; from += atOnce) {
  const length = Math.min(atOnce, count - from + 1);
  await wave(Array.from({ length }, (_, index) => `m${from + index}`));
  process.stderr.write(`${from + length - 1}/${count}\n`);
}
await cloud.control();
tally.print([
  "made twice",
  "there twice",
  "lost",
  "left after destroy",
  "requests within retry-after",
  "not idle in the run after",
  `not done in ${runs} runs`,
  "failures behind an answer",
  "the control was not caught",
]);
