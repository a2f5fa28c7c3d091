import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProvisionPlan } from "@slipway/provision";
import { afterAll, expect, test } from "vitest";
import { readProvisionPlan, saveProvisionPlan } from "../src/platform/saved-provision.ts";

const cwd = mkdtempSync(join(tmpdir(), "slipway-saved-provision-"));
afterAll(() => rmSync(cwd, { recursive: true }));

const plan: ProvisionPlan = {
  stack: "shop", currency: "$", steps: [], unlisted: [], drift: [], problems: [],
  monthly: 0, change: 0, wanted: [], options: { stack: "shop" }, digest: "",
}; // biome-ignore format: a table

test("a plan is kept where ops was called, for its owner, and is found there", async () => {
  await saveProvisionPlan({ cwd }, "next.plan", plan);
  expect(statSync(join(cwd, "next.plan")).mode & 0o777).toBe(0o600);
  expect(await readProvisionPlan({ cwd }, "next.plan", "shop")).toEqual(plan);
  expect(await readProvisionPlan({ cwd: "/" }, join(cwd, "next.plan"), "shop")).toEqual(plan);
  await expect(readProvisionPlan({ cwd }, "next.plan", "other")).rejects.toMatchObject({
    code: "ops.saved-plan-other",
  });
  await expect(readProvisionPlan({ cwd }, "none", "shop")).rejects.toMatchObject({ code: "ops.saved-plan" });
});
