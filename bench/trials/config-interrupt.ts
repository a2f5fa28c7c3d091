import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { apply } from "@slipway/config";
import { ssh } from "@slipway/connection";
import { forget, look, settled, stepped } from "./stepped.ts";
import { codeOf, countOr, spread, Tally, type Watched, watchedHost } from "./support.ts";

// SIGINT at each step of a run in a process of its own, and moments after each step. `SIGNAL=SIGKILL` tries the harder end.
const count = countOr(100);
const signal = process.env["SIGNAL"] === "SIGKILL" ? "SIGKILL" : "SIGINT";
const workers = await Promise.all(
  Array.from({ length: Math.min(3, count) }, (_, index) => watchedHost(`int-${index}`)),
);
const tally = new Tally();
/** How far into what follows an event the signal falls. */
const delaysMs = [0, 5, 25, 100, 180] as const;

function operator(host: Watched): ChildProcess & { stdout: NodeJS.ReadableStream; stdin: NodeJS.WritableStream } {
  const child = spawn(process.execPath, ["--conditions=source", join(import.meta.dirname, "operator.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(JSON.stringify({ address: host.address, privateKey: host.machine.privateKey }));
  return child;
}

/** Runs it whole, or ends it after the event of that number; gives how many events there were, and the last words. */
async function run(host: Watched, cut?: { after: number; delayMs: number }): Promise<{ events: number; said: string }> {
  const child = operator(host);
  const exited = once(child, "exit");
  let events = 0;
  let said = "";
  let sentAt: number | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    said = line;
    if (events === cut?.after) {
      const send = (): void => {
        sentAt = performance.now();
        child.kill(signal);
      };
      // At once, not in a later turn: the program goes on meanwhile.
      if (cut.delayMs === 0) send();
      else setTimeout(send, cut.delayMs);
    }
    events += 1;
  }
  await exited;
  if (sentAt !== undefined) tally.time("from the signal to the end", performance.now() - sentAt);
  return { events, said };
}

async function trial(host: Watched, cut: { after: number; delayMs: number }): Promise<void> {
  await forget(host);
  const { said } = await run(host, cut);
  tally.add(`said: ${said}`);
  // What runs on the host when its operator goes is left to finish; its longest step takes 0.2 s.
  const freed = await host.run(
    "[ ! -e /var/lib/slipway/config/lock ] || flock -w 10 /var/lib/slipway/config/lock true && echo free || echo held",
  );
  if (freed !== "free") tally.add("locks left");
  const from = performance.now();
  await using connection = await ssh(host.address, { privateKey: host.machine.privateKey });
  const report = await apply(stepped, connection).catch((error: unknown) => codeOf(error));
  if (typeof report === "string" || report.failed + report.blocked > 0) tally.add("not resumed by the next run");
  else tally.time("the next run took", performance.now() - from);
  const last = await look(host);
  if (last !== settled) {
    tally.add("not as one whole run leaves it");
    process.stderr.write(`after event ${cut.after} and ${cut.delayMs} ms: ${last}\n`);
  }
}

try {
  const [first] = workers;
  if (first === undefined) throw new Error("no host");
  await forget(first);
  const { events, said } = await run(first);
  if (said !== "ended failed=0") throw new Error(`uncut: ${said}`);
  process.stderr.write(`a whole run tells ${events} events\n`);
  await spread(count, workers, (index, host) =>
    trial(host, { after: index % events, delayMs: delaysMs[Math.floor(index / events) % delaysMs.length] ?? 0 }),
  );
  tally.print(["locks left", "not resumed by the next run", "not as one whole run leaves it"]);
} finally {
  await Promise.all(workers.map((host) => host[Symbol.asyncDispose]()));
}
