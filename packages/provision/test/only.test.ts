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
  step("keep", "machine old"),
  step("keep", "firewall edge"),
];
const left = (...only: Ref[]): readonly string[] => limited(steps, only).map((one) => one.id);

// A machine is made with the keys that are kept: without that step nobody could log in.
test("only what is named, what it waits for, and what is kept besides machines, in the order of the plan", () => {
  expect(left("machine DB")).toEqual(["create key operator", "create machine db", "keep firewall edge"]);
  expect(left("reserved-ip front")).toEqual([
    "create key operator",
    "create machine web",
    "create reserved-ip front",
    "keep firewall edge",
  ]);
  expect(left("volume old")).toEqual(["delete volume old", "keep firewall edge"]);
  expect(left()).toEqual(["keep firewall edge"]);
});
