import { expect, test } from "vitest";
import { batch } from "../../src/streams/batch.ts";
import { start } from "./start.ts";

test("so many, or what there is after the span", async () => {
  const s = start(batch<number>(3, 1_000));
  s.push(1, 2, 3, 4);
  expect(s.out).toEqual([[1, 2, 3]]);
  await s.clock.advance(1_000);
  expect(s.out).toEqual([[1, 2, 3], [4]]);
  expect(s.clock.sleeping).toBe(0);
});
