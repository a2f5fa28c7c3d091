import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { say } from "../http/say.ts";
import { takeLock } from "../stream/lock.ts";
import { followFile } from "../stream/tail.ts";
import { type Borrowers, mailFor } from "./mails.ts";
import { openOutbox } from "./outbox.ts";

const data = process.env["DATA"] ?? "/data";
const stream = join(process.env["CORE_DATA"] ?? "/data/core", "events.jsonl");
/** Touched once a round: an older file than a few seconds means that the worker hangs. */
const alive = process.env["ALIVE"] ?? "/tmp/alive";
const roundMs = 200;

const stopping = new AbortController();
process.once("SIGTERM", () => stopping.abort());
process.once("SIGINT", () => stopping.abort());
const { signal } = stopping;

try {
  // Reads all there is first: a stream that this release cannot read stops it before it takes over from another.
  const tail = followFile(stream);
  const borrowers: Borrowers = new Map();
  let mails = (await tail.read()).flatMap((event) => mailFor(borrowers, event) ?? []);
  await writeFile(alive, "");
  say("mail", "started", { offset: tail.offset, release: process.env["SLIPWAY_RELEASE"] });

  // During a deployment two run at once; the new one waits here until the old one has gone.
  const lock = await takeLock(join(data, "outbox.lock"), signal);
  if (lock !== undefined) {
    const outbox = await openOutbox(join(data, "outbox.jsonl"), () => new Date().toISOString());
    say("mail", "sending", { after: outbox.offset });
    while (!signal.aborted) {
      mails.push(...(await tail.read()).flatMap((event) => mailFor(borrowers, event) ?? []));
      if (outbox.offset > tail.offset) throw new Error("the stream is shorter than what was told by mail");
      const sent = await outbox.send(mails);
      mails = [];
      if (sent > 0) say("mail", "sent", { count: sent, offset: outbox.offset });
      await writeFile(alive, "");
      await delay(roundMs, undefined, { signal }).catch(() => {});
    }
    await outbox.close();
    lock.release();
  }
  await tail.close();
  say("mail", "stopped");
} catch (cause) {
  say("mail", "stopped", { reason: cause instanceof Error ? cause.message : String(cause) });
  process.exitCode = 1;
}
