import { expect, test } from "vitest";
import { changes } from "../src/station/changes.ts";
import type { Change } from "../src/station/view.ts";
import { event } from "./streams/start.ts";

const collect = (list: ReturnType<typeof changes>, after?: string): Change[] => {
  const seen: Change[] = [];
  list.listen(after, (change) => seen.push(change));
  return seen;
};

test("goes on behind an id; without one, new changes only", () => {
  const list = changes("run");
  list.add({ kind: "state", data: event() });
  list.add({ kind: "state", data: event() });
  const late = collect(list);
  expect(collect(list, "run.1").map((each) => each.id)).toEqual(["run.2"]);
  expect(collect(list, "run.2")).toEqual([]);
  list.add({ kind: "state", data: event() });
  expect(late.map((each) => each.id)).toEqual(["run.3"]);
});

test("what is not here any more, of another run, or no id at all, is a reset", () => {
  const list = changes("run", 3);
  for (let n = 0; n < 4; n += 1) list.add({ kind: "metrics", data: [event(), event()] });
  for (const after of ["run.1", "other.4", "run.9", "nonsense", ""]) {
    expect(collect(list, after)).toEqual([{ id: "run.4", kind: "reset", data: null }]);
  }
  expect(collect(list, "run.3").map((each) => each.id)).toEqual(["run.4"]);
});
