import { setTimeout as sleep } from "node:timers/promises";
import { type DigitalOcean, digitalOcean } from "@slipway/provision";
import { startLocalCloud } from "@slipway/provision/local/cloud";
import { faultKinds, faultsOf } from "@slipway/provision/local/faults";
import { noLimits } from "@slipway/provision/local/limits";
import { recordedEngine } from "./engine.ts";
import { front } from "./front.ts";
import { countOr, Tally } from "./support.ts";

// Creations with every fault on. The local cloud is the real one, with its HTTP, its faults and its state as labels; so is the client. A thousand
// machines are too many for this one, so containers are records of an engine of the trial's own, where each stays counted when it is gone.
const count = countOr(1_000);
const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
const rate = Number(process.env["RATE"] ?? 0.05);
const atOnce = 8;
const tally = new Tally();
process.stdout.write(`SEED=${seed} RATE=${rate}\n`);

await using engine = await recordedEngine();
await using cloud = await startLocalCloud({
  name: "faults",
  dockerSocket: engine.socket,
  limits: noLimits,
  faults: faultsOf(faultKinds, { rate, seed }),
  onFailure: (error) => {
    tally.add("failures behind an answer");
    process.stderr.write(`${String(error)}\n`);
  },
});

let phase = "";
/** Until when nothing may be asked, and since when the client knows it: what it sent before was on its way. */
let quiet = { until: 0, heard: Number.POSITIVE_INFINITY };
const sentAt = "x-trial-sent";
await using before = await front(cloud.url, {
  before({ method, path, headers }) {
    const now = performance.now();
    tally.add(`${phase}requests: ${method}`);
    if (now >= quiet.until) return true;
    const knew = Number(headers[sentAt]) > quiet.heard;
    if (knew && phase === "")
      process.stderr.write(`${method} ${path} sent ${Number(headers[sentAt]) - quiet.heard} ms after 429 was heard\n`);
    tally.add(`${phase}${knew ? "requests within retry-after" : "on its way as 429 was said"}`);
    return true;
  },
  after(_, { status, retryAfterSeconds }) {
    if (status >= 400) tally.add(`${phase}answers: ${status}`);
    if (status !== 429) return true;
    const now = performance.now();
    // An answer to one that was on its way tells the rest of the same time.
    const { heard } = now < quiet.until ? quiet : { heard: Number.POSITIVE_INFINITY };
    quiet = { until: Math.max(quiet.until, now + retryAfterSeconds * 1_000), heard };
    return true;
  },
});
const asks = async (url: string, init: RequestInit): Promise<Response> => {
  const headers = new Headers(init.headers);
  headers.set(sentAt, String(performance.now()));
  const response = await fetch(url, { ...init, headers });
  if (response.status === 429) quiet.heard = Math.min(quiet.heard, performance.now());
  return response;
};

const client: DigitalOcean = await digitalOcean({
  url: before.url,
  token: () => Promise.resolve(cloud.token),
  fetch: asks,
  lagMs: 4_000,
  limits: [],
});

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

// The control: who asks again at once, and does not look, makes machines twice and asks when nothing may be asked.
phase = "control: ";
const caught = (): boolean =>
  ["made twice", "requests within retry-after"].every((name) => tally.count(phase + name) > 0);
for (let index = 1; index <= 200 && !caught(); index += 1) {
  const name = `c${index}`;
  const body = JSON.stringify({ name, region: "lon1", size: "s-1vcpu-1gb", image: "debian-12-x64", tags: [name] });
  const headers = { authorization: `Bearer ${cloud.token}`, "content-type": "application/json" };
  const post = async (): Promise<number> =>
    (await asks(`${before.url}/v2/droplets`, { method: "POST", headers, body }).catch(() => undefined))?.status ?? 0;
  while ((await post()) !== 202);
  if (engine.made((labels) => labels["slipway.tags"] === `["${name}"]`) > 1) tally.add(`${phase}made twice`);
  await client.droplets.removeTagged(name);
}
if (!caught()) tally.add("the control was not caught");
tally.print([
  "made twice",
  "lost",
  "not deleted",
  "requests within retry-after",
  "not as many made as asked for",
  "failures behind an answer",
  "the control was not caught",
]);
