import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { folder, grant, ready, start } from "./processes.ts";

const limit = { timeout: 120_000 };

test("loans are granted, repaid and listed; a repeated request makes nothing new", limit, async () => {
  await using data = await folder();
  await using core = await start("core", { DATA: data.path });
  const first = await grant(core.url, "ada", "k1");
  assert.equal(first.status, 201);
  const loan = (await first.json()) as { id: string; offset: number };
  const again = await grant(core.url, "ada", "k1");
  assert.deepEqual([again.status, await again.json()], [200, loan]);
  assert.equal((await grant(core.url, "eve", "k1")).status, 409);
  const repay = (amount: unknown) =>
    fetch(`${core.url}/api/loans/${loan.id}/repayments`, { method: "POST", body: JSON.stringify({ amount }) });
  assert.equal((await repay(400)).status, 201);
  assert.equal((await repay(601)).status, 422);
  assert.equal((await repay("600")).status, 400);
  assert.equal((await repay(600)).status, 201);
  const { loans } = (await (await fetch(`${core.url}/api/loans`)).json()) as { loans: { status: string }[] };
  assert.deepEqual(
    loans.map(({ status }) => status),
    ["repaid"],
  );
  assert.deepEqual(await ready(core.url), { role: "active", offset: 3 });
  assert.equal((await fetch(`${core.url}/api/nothing`)).status, 404);
  assert.equal((await fetch(`${core.url}/api/loans`, { method: "POST", body: "{" })).status, 400);
});

test("killed under load, it has every loan that it acknowledged", limit, async () => {
  await using data = await folder();
  const acknowledged = new Set<string>();
  for (let round = 0; round < 3; round += 1) {
    await using core = await start("core", { DATA: data.path });
    const enough = Promise.withResolvers<void>();
    const client = async (number: number) => {
      for (let index = 0; ; index += 1) {
        const name = `r${round}c${number}n${index}`;
        const answer = await grant(core.url, name).catch(() => undefined);
        if (answer?.status !== 201) return;
        acknowledged.add(name);
        if (acknowledged.size >= (round + 1) * 100) enough.resolve();
      }
    };
    const clients = Array.from({ length: 16 }, (_, number) => client(number));
    await enough.promise;
    core.process.kill("SIGKILL");
    await Promise.all(clients);
    // A write that was under way.
    await writeFile(join(data.path, "events.jsonl"), '{"offset":', { flag: "a" });
  }
  await using core = await start("core", { DATA: data.path });
  const events = await data.events();
  assert.deepEqual(
    events.map(({ offset }) => offset),
    events.map((_, index) => index + 1),
  );
  const stored = new Set(events.map((event) => (event.type === "LoanGranted" ? event.data.borrower : "")));
  assert.equal(stored.size, events.length);
  assert.deepEqual(
    [...acknowledged].filter((name) => !stored.has(name)),
    [],
  );
  assert.equal((await ready(core.url)).offset, events.length);
});

test("told to stop, it answers what it accepted and ends with 0", limit, async () => {
  await using data = await folder();
  await using core = await start("core", { DATA: data.path });
  const enough = Promise.withResolvers<void>();
  const statuses: number[] = [];
  const client = async (number: number) => {
    for (let index = 0; ; index += 1) {
      // A connection that came too late is refused; had its request been accepted, there would be one event too many below.
      const answer = await grant(core.url, `c${number}n${index}`).catch(() => undefined);
      if (answer === undefined) return;
      statuses.push(answer.status);
      if (statuses.length >= 100) enough.resolve();
    }
  };
  const clients = Array.from({ length: 8 }, (_, number) => client(number));
  await enough.promise;
  core.process.kill("SIGTERM");
  await Promise.all(clients);
  assert.equal(await core.exited(), 0);
  assert.deepEqual(new Set(statuses), new Set([201]));
  assert.equal((await data.events()).length, statuses.length);
});

test("a stream that it cannot read stops it with one line", limit, async () => {
  await using data = await folder();
  const newer = { offset: 1, at: "2026-01-01T00:00:00.000Z", type: "LoanGranted", version: 9, data: {} };
  await writeFile(join(data.path, "events.jsonl"), `${JSON.stringify(newer)}\n`);
  await using core = await start("core", { DATA: data.path }, "stopped");
  const { reason } = await core.said((line) => line["what"] === "stopped");
  assert.match(String(reason), /^event 1 is LoanGranted version 9; this release reads version 1/);
  assert.equal(await core.exited(), 1);
  assert.equal((await readFile(join(data.path, "events.jsonl"), "utf8")).split("\n").length, 2);
});
