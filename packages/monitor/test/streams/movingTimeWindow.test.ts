import { expect, test } from "vitest";
import { movingTimeWindow } from "../../src/streams/movingTimeWindow.ts";
import { event, metrics, start } from "./start.ts";

test("what arrived within the span, oldest first", async () => {
  const s = start(movingTimeWindow<number>(2_000));
  s.push(1);
  await s.clock.advance(1_000);
  s.push(2);
  await s.clock.advance(1_000);
  s.push(3);
  expect(s.out).toEqual([[1], [1, 2], [2, 3]]);
});

test("an event from the future does not empty it, nor does a step of the clock; it is bounded", () => {
  const s = start(movingTimeWindow<ReturnType<typeof event>>(2_000, 3));
  s.push(event({ metric: 1 }), event({ metric: 2, time: 9e12 }));
  s.clock.jump(86_400_000);
  s.push(event({ metric: 3 }), event({ metric: 4 }));
  expect(s.out.map(metrics)).toEqual([[1], [1, 2], [1, 2, 3], [2, 3, 4]]);
});
