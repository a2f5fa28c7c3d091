import { expect, test } from "vitest";
import { changedState } from "../../src/streams/changedState.ts";
import { event, start } from "./start.ts";

const states = (...all: string[]) => all.map((state) => event({ state }));

test("passes on a change, the first included", () => {
  const s = start(changedState());
  s.push(...states("ok", "ok", "critical", "critical", "ok"));
  expect(s.out.map((e) => e.state)).toEqual(["ok", "critical", "ok"]);
});

test("an initial state keeps the first quiet when it is the same", () => {
  const s = start(changedState("ok"));
  s.push(...states("ok", "warning"));
  expect(s.out.map((e) => e.state)).toEqual(["warning"]);
});
