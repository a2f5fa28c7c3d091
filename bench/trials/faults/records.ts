import { setTimeout as sleep } from "node:timers/promises";
import { recordedEngine } from "../engine.ts";
import { countOr, Tally } from "../support.ts";
import { hostileCloud } from "./hostile-cloud.ts";

// Creations with every fault on. The local cloud is the real one, with its HTTP, its faults and its state as labels; so is the client. A thousand
// machines are too many for this one, so containers are records of an engine of the trial's own, where each stays counted when it is gone.
const count = countOr(1_000);
const atOnce = 8;
const tally = new Tally();

await using engine = await recordedEngine();
await using cloud = await hostileCloud("faults", { engine, tally, usualRate: 0.05 });
const { client } = cloud;

/** A new droplet may be unknown by its id for a while, which looks as if it were gone. */
async function remove(id: number, gone: () => boolean): Promise<void> {
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    await client.droplets.remove(id);
    if (gone()) return;
    tally.add("taken for gone while it was new");
    await sleep(500);
  }
  tally.add("not deleted");
}

/** One creation by its intent, and the next runs' after it when it gave up: a run that begins anew looks for the intent of the last. */
async function create(index: number): Promise<void> {
  const intent = `slipway:intent:${index}`;
  const asked = {
    name: `m${index}`,
    region: "lon1",
    size: "s-1vcpu-1gb",
    image: "debian-12-x64",
    ssh_keys: [],
    tags: ["trial"],
  };
  const is = (labels: Readonly<Record<string, string>>): boolean =>
    (labels["slipway.tags"] ?? "").includes(`"${intent}"`);
  const began = performance.now();
  for (let run = 1; run <= 5; run += 1) {
    try {
      const { id } =
        (run === 1 ? undefined : await client.droplets.appeared(intent)) ??
        (await client.droplets.create(asked, intent));
      tally.time("creation", performance.now() - began);
      if (engine.made(is) > 1) tally.add("made twice");
      if (engine.held(is) === 0) tally.add("lost");
      await remove(id, () => engine.held(is) === 0);
      return;
    } catch (error) {
      tally.add("gave up for this run");
      process.stderr.write(`m${index}: ${String(error)}\n`);
    }
  }
  tally.add("lost");
}

let next = 0;
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    while (next < count) {
      next += 1;
      const index = next;
      await create(index);
      if (index % 50 === 0) process.stderr.write(`${index}/${count}\n`);
    }
  }),
);
// What a request that gave up had set going is to be seen too.
await sleep(1_000);
// The cloud's own containers are no droplets.
const droplets = engine.made((labels) => labels["slipway.droplet"] !== undefined);
tally.add(droplets === count ? "as many made as asked for" : "not as many made as asked for");

await cloud.control();
tally.print([
  "made twice",
  "lost",
  "not deleted",
  "requests within retry-after",
  "not as many made as asked for",
  "failures behind an answer",
  "the control was not caught",
]);
