import { expect, test } from "vitest";
import { over } from "../../src/streams/over.ts";
import { under } from "../../src/streams/under.ts";
import { event, metrics, start } from "./start.ts";

test("over and under compare strictly; an unresolved metric passes neither", () => {
  const high = start(over(5));
  const low = start(under(5));
  for (const metric of [4, 5, 6, Number.NaN]) {
    high.push(event({ metric }));
    low.push(event({ metric }));
  }
  high.push(event());
  low.push(event());
  expect(metrics(high.out)).toEqual([6]);
  expect(metrics(low.out)).toEqual([4]);
});
