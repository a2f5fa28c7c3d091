import { expect, test } from "vitest";
import { expired } from "../../src/streams/expired.ts";
import { event, start } from "./start.ts";

test("passes expired events alone", () => {
  const s = start(expired());
  s.push(event({ state: "ok" }), event({ state: "expired" }), event());
  expect(s.out.map((e) => e.state)).toEqual(["expired"]);
});
