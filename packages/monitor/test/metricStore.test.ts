import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { systemClock, virtualClock } from "@slipway/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openMetricStore } from "../src/store/metricStore.ts";
import { folder } from "./folder.ts";

const hour = 3_600_000;

test("any samples in any order, with restarts at any point, come back with their sums", async () => {
  const sample = fc.record({
    time: fc.integer({ min: 0, max: 10 * 60_000 }),
    value: fc.integer({ min: -1_000, max: 1_000 }),
    restart: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(sample, { minLength: 1, maxLength: 40 }), async (samples) => {
      using place = folder();
      const options = { file: place.file("m.db"), clock: virtualClock(10 * 60_000) };
      let store = await openMetricStore(options);
      for (const { time, value, restart } of samples) {
        store.append("h", "s", time, value);
        if (!restart) continue;
        store[Symbol.dispose]();
        store = await openMetricStore(options);
      }
      const mean = samples.reduce((sum, each) => sum + each.value, 0) / samples.length;
      const minutes = store.query({ host: "h", service: "s", from: 0, to: 11 * 60_000, points: 1 });
      expect(minutes.tier).toBe("minute");
      expect(minutes.values[0]).toBeCloseTo(mean, 6);
      const raw = store.query({ host: "h", service: "s", from: 0, to: 11 * 60_000, points: 660 });
      expect(raw.tier).toBe("raw");
      expect(Math.max(...raw.max.map((v) => v ?? Number.NEGATIVE_INFINITY))).toBe(
        Math.max(...samples.map((s) => s.value)),
      );
      store[Symbol.dispose]();
    }),
    { numRuns: 40 },
  );
}, 30_000);

test("a restart in the middle of a chunk and of a minute loses nothing", async () => {
  using place = folder();
  const options = { file: place.file("m.db"), clock: virtualClock(hour) };
  {
    using store = await openMetricStore(options);
    for (let n = 0; n < 90; n += 1) store.append("h", "cpu", n * 1_000, n);
  }
  using store = await openMetricStore(options);
  for (let n = 90; n < 300; n += 1) store.append("h", "cpu", n * 1_000, n);
  const minutes = store.query({ host: "h", service: "cpu", from: 0, to: 300_000, points: 5 });
  expect(minutes.values).toEqual([29.5, 89.5, 149.5, 209.5, 269.5]);
  expect(minutes.min).toEqual([0, 60, 120, 180, 240]);
  const raw = store.query({ host: "h", service: "cpu", from: 0, to: 300_000, points: 300 });
  expect(raw.values).toEqual(Array.from({ length: 300 }, (_, n) => n));
});

test("an outage is a gap, and unknown series are all gaps", async () => {
  using place = folder();
  using store = await openMetricStore({ file: place.file("m.db"), clock: virtualClock(hour) });
  for (const second of [0, 10, 20, 80, 90]) store.append("h", "cpu", second * 1_000, 1);
  const seen = store.query({ host: "h", service: "cpu", from: 0, to: 100_000, points: 10 });
  expect(seen.values).toEqual([1, 1, 1, 1, 1, null, null, null, 1, 1]);
  expect(store.query({ host: "h", service: "nope", from: 0, to: 20_000, points: 2 }).values).toEqual([null, null]);
  expect(store.series()).toEqual([{ host: "h", service: "cpu" }]);
});

test("what is older than is kept goes; the minutes stay longer", async () => {
  using place = folder();
  const clock = virtualClock(0);
  using store = await openMetricStore({ file: place.file("m.db"), clock, rawMs: hour, minuteMs: 24 * hour });
  for (let n = 0; n < 360; n += 1) store.append("h", "cpu", n * 10_000, 5);
  await clock.advance(10 * hour);
  store.retain();
  store.append("h", "cpu", 10 * hour, 7);
  const minutes = store.query({ host: "h", service: "cpu", from: 0, to: hour, points: 60 });
  expect(minutes).toMatchObject({ tier: "minute", stepMs: 60_000 });
  expect(minutes.values.slice(0, 59).every((v) => v === 5)).toBe(true);
  await clock.advance(30 * hour);
  store.retain();
  expect(
    store.query({ host: "h", service: "cpu", from: 0, to: hour, points: 60 }).values.every((v) => v === null),
  ).toBe(true);
});

test("a day of 10 s samples costs less than 5 bytes a sample on disk, both tiers and all of SQLite included", async () => {
  using place = folder();
  const file = place.file("m.db");
  {
    using store = await openMetricStore({ file, clock: virtualClock(24 * hour) });
    for (let n = 0; n < 8_640; n += 1) {
      for (let s = 0; s < 5; s += 1)
        store.append("h", `s${s}`, n * 10_000, Math.round(5_000 + 900 * Math.sin(n / (9 + s))) / 10_000);
    }
  }
  const bytes = statSync(file).size / (5 * 8_640);
  expect(bytes).toBeLessThan(5);
});

test("a second writer is refused", async () => {
  using place = folder();
  const file = place.file("m.db");
  using _first = await openMetricStore({ file, clock: systemClock });
  await expect(openMetricStore({ file, clock: systemClock })).rejects.toMatchObject({ code: "monitor.in-use" });
});

test("a file that is no database is named", async () => {
  using place = folder();
  writeFileSync(place.file("m.db"), "this is no database".repeat(1_000));
  await expect(openMetricStore({ file: place.file("m.db"), clock: systemClock })).rejects.toMatchObject({
    code: "monitor.store-unreadable",
  });
});

test("kill -9 of the writer, again and again, leaves a sound file with everything that was flushed", async () => {
  using place = folder();
  const file = place.file("m.db");
  const script = fileURLToPath(new URL("./storeWriter.ts", import.meta.url));
  let flushed = -1;
  for (let round = 0; round < 4; round += 1) {
    const child = spawn(process.execPath, ["--conditions=source", script, file], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const target = flushed + 60 + round * 45;
    let text = "";
    for await (const chunk of child.stdout) {
      text += String(chunk);
      const complete = text.slice(0, text.lastIndexOf("\n")).split("\n");
      const printed = Number(complete.at(-1));
      if (complete.at(-1) === "" || printed < target) continue;
      flushed = printed;
      child.kill("SIGKILL");
      break;
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    using checked = new DatabaseSync(file);
    expect(checked.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  }
  using store = await openMetricStore({ file, clock: virtualClock(0) });
  for (const service of ["s", "s9"]) {
    const to = (flushed + 1) * 1_000;
    const { values } = store.query({ host: "h", service, from: 0, to, points: flushed + 1 });
    expect(values).toEqual(Array.from({ length: flushed + 1 }, (_, n) => n));
  }
}, 30_000);
