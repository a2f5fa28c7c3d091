import type { Event } from "@slipway/model";
import { expect, test } from "vitest";
import { pipe, split } from "../../src/streams/op.ts";
import { rate } from "../../src/streams/rate.ts";
import { smap } from "../../src/streams/smap.ts";
import { where } from "../../src/streams/where.ts";
import { event, start } from "./start.ts";

test("operators join from left to right", () => {
  const even = start(
    pipe(
      where((n: number) => n % 2 === 0),
      smap((n) => `${n}`),
    ),
  );
  even.push(1, 2, 3, 4);
  expect(even.out).toEqual(["2", "4"]);
});

test("split gives every branch the value", () => {
  const both = start(
    split(
      smap((n: number) => n + 1),
      smap((n: number) => n * 10),
    ),
  );
  both.push(1);
  expect(both.out).toEqual([2, 10]);
});

test("a disposed pipe is silent and leaves no timer", async () => {
  const piped = start(
    pipe(
      where((e: Event) => e.metric !== undefined),
      rate(1_000),
    ),
  );
  piped.push(event({ metric: 1 }));
  expect(piped.clock.sleeping).toBe(1);
  piped[Symbol.dispose]();
  piped.push(event({ metric: 1 }));
  expect(piped.clock.sleeping).toBe(0);
  await piped.clock.advance(5_000);
  expect(piped.out).toEqual([]);
});

test("two starts of one operator share no state", () => {
  const op = rate(1_000);
  using one = start(op);
  using two = start(op);
  one.push(event({ metric: 1 }));
  expect(two.clock.sleeping).toBe(0);
});
