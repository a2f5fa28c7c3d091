import { apply, look } from "@slipway/config";
import { ssh } from "@slipway/connection";
import { makeProxy } from "@slipway/machines";
import { debian, everyOs, type Host, host, property } from "@slipway/model";
import { codeOf, countOr, Tally, type Watched, watchedHost } from "./support.ts";

// Much output over a slow link: a command's and a reading's. The operator keeps no more than the output itself, and it ends: with all of
// it, or by the limit that was set. The count is KiB at 64 kbit/s; 20480 is the whole claim and takes three quarters of an hour each.
const kib = countOr(256);
const links = [
  { title: "64 kbit/s", bytesPerSecond: 8_000, bytes: kib * 1_024 },
  { title: "8 Mbit/s", bytesPerSecond: 1_000_000, bytes: 20_000_000 },
] as const;
const mostGrowthBytes = 64 << 20;
const tally = new Tally();

const talk = (bytes: number) => ["sh", "-c", 'yes "a line of output" | head -c "$1"', "sh", String(bytes)] as const;
const talkative = (bytes: number): Host =>
  host("slow", {
    os: debian("12"),
    on: { provider: "trial", spec: {} },
    has: [
      property("much is read", {
        on: everyOs,
        observe: { read: talk(bytes), reads: [], parse: (stdout: string) => stdout.length },
        plan: (seen) => (seen === bytes ? [] : [["false"]]),
        writes: [],
      }),
    ],
  });

/** Runs `work` and watches how much this process grows meanwhile. */
async function watched(name: string, work: () => Promise<string>): Promise<void> {
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 50);
  const from = performance.now();
  const ended = await work().catch(codeOf);
  clearInterval(timer);
  const grown = Math.max(most, process.memoryUsage.rss()) - before;
  tally.add(`${name}: ${ended}, ${Math.round(grown / 1e6)} MB more`);
  tally.time(name, performance.now() - from);
  if (grown > mostGrowthBytes) tally.add("grew by more than 64 MiB");
}

async function through(slow: Watched, link: (typeof links)[number]): Promise<void> {
  const { bytes, title, bytesPerSecond } = link;
  await using proxy = await makeProxy(slow.address, { bytesPerSecond });
  await proxy.listen();
  await using connection = await ssh(
    { ...slow.address, address: "127.0.0.1", port: proxy.port },
    { privateKey: slow.machine.privateKey },
  );
  const whole = (length: number): string => {
    if (length === bytes) return "all of it";
    tally.add("not all of it");
    return `${length} of ${bytes}`;
  };
  await watched(`${title}: a command`, async () => whole((await connection.exec(talk(bytes))).stdout.length));
  await watched(`${title}: a fact`, async () => {
    const { much } = await look(connection, { much: { read: talk(bytes), parse: (stdout) => stdout.length } });
    return whole(much);
  });
  await watched(`${title}: a property`, async () => {
    const { ok, reconnects } = await apply(talkative(bytes), connection);
    if (ok !== 1) tally.add("not all of it");
    return `${ok} ok, ${reconnects} reconnects`;
  });
  await watched(`${title}: a command with a limit`, async () => {
    const { length } = (await connection.exec(talk(bytes), { maxOutputBytes: bytes / 4 })).stdout;
    tally.add("not ended by its limit");
    return `${length} bytes in spite of the limit`;
  });
  // Whatever is still on its way to nobody, the link serves the next one.
  await watched(`${title}: another command then`, async () => (await connection.exec(["echo", "well"])).stdout.trim());
}

await using slow = await watchedHost("slow");
await slow.root.exec(talk(20_000_000));
for (const link of links) await through(slow, link);
tally.print(["grew by more than 64 MiB", "not all of it", "not ended by its limit"]);
