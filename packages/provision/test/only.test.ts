import { expect, test } from "vitest";
import { limited } from "../src/plan/only.ts";
import type { Step } from "../src/plan.ts";
import type { Ref } from "../src/resource.ts";

const step = (what: Step["do"], ref: Ref, ...after: string[]): Step => ({
  id: `${what} ${ref}`,
  do: what,
  ref,
  fields: [],
  after,
  monthly: 0,
  change: 0,
});
const steps = [
  step("create", "key operator"),
  step("create", "machine web", "create key operator"),
  step("create", "machine db", "create key operator"),
  step("create", "reserved-ip front", "ready machine web"),
  step("delete", "volume old"),
];
const left = (...only: Ref[]): readonly string[] => limited(steps, only).map((one) => one.id);

test("only what is named, and what it waits for, in the order of the plan", () => {
  expect(left("machine DB")).toEqual(["create key operator", "create machine db"]);
  expect(left("reserved-ip front")).toEqual(["create key operator", "create machine web", "create reserved-ip front"]);
  expect(left("volume old")).toEqual(["delete volume old"]);
  expect(left()).toEqual([]);
});
