import { expect, test } from "vitest";
import { by } from "../../src/streams/by.ts";
import { changedState } from "../../src/streams/changedState.ts";
import { rate } from "../../src/streams/rate.ts";
import { event, start } from "./start.ts";

test("every key has a fork of its own", () => {
  const s = start(
    by(
      (e) => e.host,
      () => changedState(),
    ),
  );
  s.push(event({ host: "a", state: "ok" }), event({ host: "b", state: "ok" }), event({ host: "a", state: "ok" }));
  expect(s.out.map((e) => e.host)).toEqual(["a", "b"]);
});

test("an idle fork is evicted with its timers, and starts afresh when seen again", async () => {
  const s = start(
    by(
      (e) => e.host,
      () => rate(1_000),
      { idleMs: 10_000 },
    ),
  );
  s.push(event({ host: "a", metric: 1 }));
  expect(s.clock.sleeping).toBe(2); // the fork's and the sweeper's
  await s.clock.advance(20_000);
  expect(s.clock.sleeping).toBe(0);
  const before = s.out.length;
  await s.clock.advance(20_000);
  expect(s.out).toHaveLength(before);
  s.push(event({ host: "a", metric: 7 }));
  await s.clock.advance(1_000);
  expect(s.out.at(-1)?.metric).toBe(7);
});

test("the cap names the key that did not fit, once until there is room", async () => {
  const full: string[] = [];
  const s = start(
    by(
      (n: string) => n,
      () => (_clock, out) => ({ push: out, [Symbol.dispose]: () => {} }),
      { max: 2, idleMs: 1_000, onFull: (key) => full.push(key) },
    ),
  );
  s.push("a", "b", "c", "d", "a");
  expect(s.out).toEqual(["a", "b", "a"]);
  expect(full).toEqual(["c"]);
  await s.clock.advance(2_000);
  s.push("c", "d", "e");
  expect(s.out.slice(3)).toEqual(["c", "d"]);
  expect(full).toEqual(["c", "e"]);
});
