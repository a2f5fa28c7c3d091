import { expect, test } from "vitest";
import { stable } from "../../src/streams/stable.ts";
import { start } from "./start.ts";

test("holds until the value has been the same for the span, flushes in order, then passes at once", async () => {
  const s = start(stable(3_000, (word: string) => word));
  s.push("a");
  await s.clock.advance(1_000);
  s.push("a");
  expect(s.out).toEqual([]);
  await s.clock.advance(2_000);
  expect(s.out).toEqual(["a", "a"]);
  s.push("a");
  expect(s.out).toHaveLength(3);
});

test("drops a spike, and what flaps never passes", async () => {
  const s = start(stable(3_000, (word: string) => word));
  s.push("a");
  await s.clock.advance(3_000);
  for (const word of ["b", "a", "b", "a"]) {
    s.push(word);
    await s.clock.advance(2_000);
  }
  expect(s.out).toEqual(["a"]);
  await s.clock.advance(1_000);
  expect(s.out).toEqual(["a", "a"]);
});

test("holds only the newest, and disposes its timer", () => {
  const s = start(stable(1_000, () => 0, 2));
  s.push(1, 2, 3);
  s[Symbol.dispose]();
  expect(s.clock.sleeping).toBe(0);
});
