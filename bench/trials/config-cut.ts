import { apply, formatReport, type Report } from "@slipway/config";
import { ssh } from "@slipway/connection";
import { type Cut, makeProxy } from "@slipway/machines";
import { forget, look, settled, stepped } from "./stepped.ts";
import { codeOf, countOr, spread, Tally, type Watched, watchedHost } from "./support.ts";

// The link breaks by RST or by silence, at moments spread evenly over every byte that a whole run sends or receives.
const count = countOr(200);
const workers = await Promise.all(
  Array.from({ length: Math.min(8, count) }, (_, index) => watchedHost(`cut-${index}`)),
);
const tally = new Tally();
const seenWithinMs = 30_000;

async function through(host: Watched, cutAt: { bytes: number; how: Cut } | undefined): Promise<number> {
  await forget(host);
  await using proxy = await makeProxy(host.address);
  await proxy.listen();
  const connection = await ssh(
    { ...host.address, address: "127.0.0.1", port: proxy.port },
    { privateKey: host.machine.privateKey },
  );
  const before = proxy.passed;
  let cutWhen: number | undefined;
  if (cutAt !== undefined) {
    void proxy.cutAfter(cutAt.bytes, cutAt.how).then(() => {
      cutWhen = performance.now();
    });
  }
  const outcome: Report | Error = await apply(stepped, connection).catch((error: Error) => error);
  const afterMs = performance.now() - (cutWhen ?? performance.now());
  const bytes = proxy.passed - before;
  // Encrypted packets differ in length from run to run, so the last cuts may come too late.
  if (cutAt !== undefined && cutWhen === undefined) tally.add("over before the cut");
  else if (cutAt !== undefined) await judge(host, cutAt.how, outcome, afterMs);
  else if (outcome instanceof Error || (await look(host)) !== settled)
    throw new Error(`uncut: ${outcome instanceof Error ? outcome : formatReport(outcome)}\n${await look(host)}`);
  await connection[Symbol.asyncDispose]();
  return bytes;
}

async function judge(host: Watched, how: Cut, outcome: Report | Error, afterMs: number): Promise<void> {
  if (outcome instanceof Error) {
    tally.add(`${how}: rejected with ${codeOf(outcome)}`);
    tally.time(`${how}: seen after`, afterMs);
    if (afterMs > seenWithinMs) tally.add("seen late");
    await resume(host, how);
  } else if (outcome.failed + outcome.blocked > 0) tally.add("reported as failed");
  else {
    const now = await look(host);
    tally.add(`${how}: ended well`);
    tally.time(`${how}: ended well after`, afterMs);
    if (!isTrue(now)) tally.add("false ok");
  }
  const last = await look(host);
  if (!isTrue(last)) tally.add("not true in the end");
  else if (last !== settled) {
    tally.add("a step done twice, or something left");
    process.stderr.write(`left: ${last}\n`);
  }
}

/** All that was asked is there, whatever else. */
const isTrue = (seen: string): boolean => /first.*second.*third.* app active 3000 /.test(seen);

/** The next run, over a new connection while the host may not know yet that the old one is gone. */
async function resume(host: Watched, how: Cut): Promise<void> {
  const from = performance.now();
  await using again = await ssh(host.address, { privateKey: host.machine.privateKey });
  const report = await apply(stepped, again).catch((error: unknown) => error);
  if (report instanceof Error || !isReport(report)) {
    tally.add(`${how}: the next run rejected with ${codeOf(report)}`);
    tally.add("not resumed by the next run");
    process.stderr.write(`${String(report)}\n`);
    return;
  }
  tally.add(report.failed + report.blocked > 0 ? "not resumed by the next run" : `${how}: resumed by the next run`);
  tally.time(`${how}: the next run took`, performance.now() - from);
}
const isReport = (value: unknown): value is Report => typeof value === "object" && value !== null && "failed" in value;

try {
  const [first] = workers;
  if (first === undefined) throw new Error("no host");
  const whole = await through(first, undefined);
  process.stderr.write(`a whole run is ${whole} bytes\n`);
  await spread(count, workers, async (index, host) => {
    const bytes = Math.ceil(((index + 0.5) * whole) / count);
    await through(host, { bytes, how: index % 2 === 0 ? "reset" : "silence" });
  });
  tally.print(["false ok", "seen late", "not resumed by the next run", "not true in the end", "reported as failed"]);
} finally {
  await Promise.all(workers.map((host) => host[Symbol.asyncDispose]()));
}
