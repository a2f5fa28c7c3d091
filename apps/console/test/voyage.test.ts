import { virtualClock } from "@slipway/model";
import { expect, test } from "vitest";
import { formatVoyage, type Leg, walk } from "../src/demo/voyage.ts";

const quiet = { begin: () => undefined, end: () => undefined };

test("legs are walked in order, timed and summed", async () => {
  const clock = virtualClock();
  const leg = (name: string, ms: number, changes: number): Leg => ({
    name,
    run: async () => {
      await clock.sleep(ms);
      return { changes, seen: `${name} is done` };
    },
  });
  const walking = walk([leg("provision", 4_200, 3), leg("configure", 61_000, 1)], {
    clock,
    signal: new AbortController().signal,
    events: quiet,
  });
  await clock.advance(4_200);
  await clock.advance(61_000);
  const { report, error } = await walking;
  expect(error).toBeUndefined();
  expect(report).toEqual({
    ok: true,
    seconds: 65.2,
    changes: 4,
    legs: [
      { name: "provision", ok: true, seconds: 4.2, changes: 3, seen: "provision is done" },
      { name: "configure", ok: true, seconds: 61, changes: 1, seen: "configure is done" },
    ],
  });
  expect(formatVoyage(report)).toBe(
    "✓ provision    4.2 s  provision is done\n✓ configure  1 m 1 s  configure is done\n\nThe voyage is done after 1 m 5 s: 4 changes.",
  );
});

test("a leg that fails ends the voyage, and its error is handed on", async () => {
  const broken = new Error("the disk is full");
  const after: Leg = {
    name: "deploy",
    run: () => {
      throw new Error("must not be reached");
    },
  };
  const { report, error } = await walk([{ name: "configure", run: () => Promise.reject(broken) }, after], {
    clock: virtualClock(),
    signal: new AbortController().signal,
    events: quiet,
  });
  expect(error).toBe(broken);
  expect(report.ok).toBe(false);
  expect(report.legs.map((leg) => leg.name)).toEqual(["configure"]);
});

test("an interrupted voyage begins no further leg", async () => {
  const stop = new AbortController();
  const first: Leg = {
    name: "provision",
    run: async () => {
      stop.abort(new Error("interrupted"));
      return { changes: 1, seen: "" };
    },
  };
  const { report, error } = await walk([first, first], { clock: virtualClock(), signal: stop.signal, events: quiet });
  expect(error).toEqual(new Error("interrupted"));
  expect(report.legs.map((leg) => leg.ok)).toEqual([true, false]);
});
