import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestOfPlan, type ProvisionPlan } from "@slipway/provision";
import { afterAll, expect, test } from "vitest";
import { readProvisionPlan, saveProvisionPlan } from "../src/platform/saved-provision.ts";
import { shownPlan } from "../src/platform/shown-plan.ts";

const cwd = mkdtempSync(join(tmpdir(), "slipway-saved-provision-"));
afterAll(() => rmSync(cwd, { recursive: true }));

const content: Omit<ProvisionPlan, "digest"> = {
  stack: "shop", currency: "$", steps: [], unlisted: [], drift: [], problems: [],
  monthly: 0, change: 0, wanted: [], options: { stack: "shop" },
}; // biome-ignore format: a table
const plan: ProvisionPlan = { ...content, digest: digestOfPlan(content) };

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

test("user data is kept in the file and never printed", async () => {
  const web = {
    kind: "machine",
    name: "web",
    region: "lon1",
    size: "s",
    image: "i",
    tags: [],
    protect: false,
    backups: false,
    firewalls: [],
  } as const;
  const withData: Omit<ProvisionPlan, "digest"> = {
    ...content,
    wanted: [
      { ...web, userData: "#!/bin/sh\necho hidden\n" },
      { ...web, name: "db" },
    ],
  };
  const secret = { ...withData, digest: digestOfPlan(withData) };
  expect(shownPlan(secret)).toEqual({
    ...secret,
    wanted: [
      { ...web, userData: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
      { ...web, name: "db" },
    ],
  });
  await saveProvisionPlan({ cwd }, "secret.plan", secret);
  expect(readFileSync(join(cwd, "secret.plan"), "utf8")).toContain("echo hidden");
  expect(await readProvisionPlan({ cwd }, "secret.plan", "shop")).toEqual(secret);
});
