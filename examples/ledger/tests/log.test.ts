import assert from "node:assert/strict";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { encode, type LedgerEvent } from "../src/stream/event.ts";
import { takeLock } from "../src/stream/lock.ts";
import { type AppendFile, openForAppend, openLog } from "../src/stream/log.ts";
import { followFile } from "../src/stream/tail.ts";

const repaid = (amount: number): LedgerEvent => ({ type: "RepaymentMade", version: 1, data: { loan: "a", amount } });
const now = () => "2026-01-01T00:00:00.000Z";

/** A disk in memory whose syncs end when the test says so. */
const slowDisk = () => {
  const journal: string[] = [];
  let finish = Promise.withResolvers<void>();
  let started = Promise.withResolvers<void>();
  const file: AppendFile = {
    write: async (text) => void journal.push(`write ${text.split("\n").length - 1}`),
    sync: async () => {
      started.resolve();
      await finish.promise;
      journal.push("sync");
    },
    close: async () => void journal.push("close"),
  };
  return {
    file,
    journal,
    syncing: () => started.promise,
    finishSync: () => {
      const { resolve } = finish;
      finish = Promise.withResolvers();
      started = Promise.withResolvers();
      resolve();
    },
  };
};

test("an event is acknowledged after its sync, and those that wait share the next one", async () => {
  const disk = slowDisk();
  const log = openLog({ file: disk.file, offset: 4, fence: async () => {}, now });
  const first = log.append(repaid(1));
  void first.durable.then(() => disk.journal.push("acknowledged 5"));
  await disk.syncing();
  assert.deepEqual(disk.journal, ["write 1"]);
  const others = [2, 3, 4].map((amount) => log.append(repaid(amount)));
  assert.deepEqual(
    [first, ...others].map(({ stored }) => stored.offset),
    [5, 6, 7, 8],
  );
  disk.finishSync();
  await disk.syncing();
  assert.deepEqual(disk.journal, ["write 1", "sync", "acknowledged 5", "write 3"]);
  disk.finishSync();
  await Promise.all(others.map(({ durable }) => durable));
  await log.close();
  assert.deepEqual(disk.journal.slice(4), ["sync", "close"]);
});

test("after a failed write nothing more is written", async () => {
  const disk = slowDisk();
  disk.file.sync = async () => Promise.reject(new Error("no space left"));
  const log = openLog({ file: disk.file, offset: 0, fence: async () => {}, now });
  await assert.rejects(log.append(repaid(1)).durable, /no space left/);
  await assert.rejects(log.append(repaid(2)).durable, /no space left/);
  assert.deepEqual(disk.journal, ["write 1"]);
});

test("the fence is asked before each write", async () => {
  const disk = slowDisk();
  const fence = async () => Promise.reject(new Error("fenced"));
  const log = openLog({ file: disk.file, offset: 0, fence, now });
  await assert.rejects(log.append(repaid(1)).durable, /fenced/);
  assert.deepEqual(disk.journal, []);
});

const folder = async () => {
  const path = await mkdtemp(join(tmpdir(), "ledger-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
};

test("a torn line is left for later by a reader and cut by the writer", async () => {
  await using temporary = await folder();
  const path = join(temporary.path, "events.jsonl");
  const lines = [1, 2].map((offset) => encode({ offset, at: now(), ...repaid(offset) }));
  await writeFile(path, `${lines[0]}${lines[1]?.slice(0, 20)}`);
  const tail = followFile(path);
  assert.equal((await tail.read()).length, 1);
  await appendFile(path, lines[1]?.slice(20) ?? "");
  assert.deepEqual(
    (await tail.read()).map(({ offset }) => offset),
    [2],
  );
  await appendFile(path, '{"offset":3,"at":');
  assert.deepEqual(await tail.read(), []);
  const file = await openForAppend(path, tail.position);
  await file.close();
  await tail.close();
  assert.equal(await readFile(path, "utf8"), lines.join(""));
});

test("many lines, read in pieces that end anywhere, come whole", async () => {
  await using temporary = await folder();
  const path = join(temporary.path, "events.jsonl");
  const count = 5000;
  const event = (offset: number) => ({ offset, at: now(), ...repaid(offset) });
  await writeFile(path, Array.from({ length: count }, (_, index) => encode(event(index + 1))).join(""));
  const tail = followFile(path);
  assert.equal((await tail.read()).length, count);
  assert.equal(tail.offset, count);
  await tail.close();
});

test("one holder at a time", async () => {
  await using temporary = await folder();
  const path = join(temporary.path, "lock");
  const first = await takeLock(path, AbortSignal.timeout(1000));
  assert.ok(first);
  assert.equal(await takeLock(path, AbortSignal.timeout(60)), undefined);
  first.release();
  await using second = await takeLock(path, AbortSignal.timeout(1000));
  assert.ok(second);
});
