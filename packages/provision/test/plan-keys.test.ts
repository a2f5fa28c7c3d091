import { describe, expect, test } from "vitest";
import type { Seen, Wanted } from "../src/index.ts";
import { generateSshKey } from "../src/ssh-key.ts";
import { ids, plan } from "./support/plans.ts";
import { cloud, want } from "./support/resources.ts";

const operator = generateSshKey("operator");
const key: Wanted = { kind: "key", name: "operator", publicKey: operator.publicKey };
const account = (name: string, ours: boolean): Seen => ({
  ...key,
  kind: "key",
  name,
  publicKey: operator.publicKey,
  id: "5",
  ours,
  dollarsMonthly: 0,
});

describe("an operator's key", () => {
  test("finds the operator's key under any name", () => {
    const found = plan([key, want("app")], cloud([account("laptop", false)]));
    expect(ids(found)).toEqual(["keep key operator", "create machine app"]);
  });

  test("a key with new content takes the place of the old one, after it", () => {
    const old = { ...account("ada", true), publicKey: generateSshKey("old").publicKey, id: "4" } as Seen;
    const changed = plan([{ ...key, name: "ada" }, want("app")], cloud([old]));
    expect(ids(changed)).toEqual(["create key ada", "delete key ada 4", "create machine app"]);
    expect(changed.steps[1]?.after).toEqual(["create key ada"]);
  });

  test("two operators' keys stand side by side, until the stack is destroyed", () => {
    const first = { ...account("operator", true), publicKey: generateSshKey("first").publicKey, id: "4" } as Seen;
    for (const unlisted of ["keep", "delete"] as const) {
      const second = plan([key, want("app")], cloud([first]), { unlisted });
      expect(ids(second)).toEqual(["create key operator", "create machine app"]);
      expect(second.unlisted).toEqual([]);
    }
    const both = cloud([first, account("operator", true)]);
    expect(ids(plan([key, want("app")], both))).toEqual(["keep key operator", "create machine app"]);
    const all = ["delete key operator 4", "delete key operator 5"];
    expect(ids(plan([], both, { unlisted: "delete" }))).toEqual(all);
  });
});
