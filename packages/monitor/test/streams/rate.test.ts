import { expect, test } from "vitest";
import { rate } from "../../src/streams/rate.ts";
import { event, metrics, start } from "./start.ts";

test("sum per second of each span, 0 for a silent one", async () => {
  const s = start(rate(2_000));
  s.push(event({ metric: 3 }), event({ metric: 5 }), event());
  await s.clock.advance(2_000);
  s.push(event({ metric: 1 }));
  await s.clock.advance(4_000);
  expect(metrics(s.out)).toEqual([4, 0.5, 0]);
});
