import { expect, test } from "vitest";
import { type Duration, formatMs, ms } from "../src/duration.ts";

test("durations are read with their unit", () => {
  expect((["500ms", "1.5s", "2m", "1h", "90d"] satisfies Duration[]).map(ms)).toEqual([
    500, 1_500, 120_000, 3_600_000, 7_776_000_000,
  ]);
});

test("what is no duration is refused", () => {
  // @ts-expect-error a duration needs its unit
  const bare: Duration = "120";
  expect(() => ms(bare)).toThrow(RangeError);
});

test("spans for people", () => {
  expect([12.4, 4_240, 200_000, 7_500_000].map(formatMs)).toEqual(["12 ms", "4.2 s", "3 m 20 s", "2 h 5 m"]);
});
