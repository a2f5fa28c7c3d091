import { expect, test } from "vitest";
import { throttle } from "../../src/streams/throttle.ts";
import { start } from "./start.ts";

test("at most so many in each span, also when the wall clock is set back", async () => {
  const s = start(throttle<number>(2, 1_000));
  s.push(1, 2, 3);
  s.clock.jump(-3_600_000);
  await s.clock.advance(1_000);
  s.push(4, 5, 6);
  expect(s.out).toEqual([1, 2, 4, 5]);
});
