import { expect, test } from "vitest";
import { smap } from "../../src/streams/smap.ts";
import { where } from "../../src/streams/where.ts";
import { start } from "./start.ts";

test("where passes what the test holds for", () => {
  const s = start(where((n: number) => n > 2));
  s.push(1, 3, 2, 4);
  expect(s.out).toEqual([3, 4]);
});

test("smap changes, and drops undefined", () => {
  const s = start(smap((n: number) => (n === 2 ? undefined : n * 2)));
  s.push(1, 2, 3);
  expect(s.out).toEqual([2, 6]);
});
