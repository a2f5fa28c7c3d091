import { expect, test } from "vitest";
import { ewma } from "../../src/streams/ewma.ts";
import { event, metrics, start } from "./start.ts";

test("weighs the newest; what is not a number cannot spoil it", () => {
  const s = start(ewma(0.5));
  s.push(event({ metric: 8 }), event({ metric: Number.NaN }), event(), event({ metric: 4 }), event({ metric: 6 }));
  expect(metrics(s.out)).toEqual([8, 6, 6]);
});
