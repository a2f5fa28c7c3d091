import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostPlan } from "@slipway/config";
import { debian, host } from "@slipway/model";
import { afterEach, beforeEach, expect, test } from "vitest";
import { leftOver, readLastRuns, rememberRun } from "../src/platform/last-run.ts";
import {
  parseSavedPlan,
  platformDigest,
  readSavedPlan,
  savePlan,
  writeSavedPlan,
} from "../src/platform/saved-plans.ts";
import { thisMachine } from "../src/platform/targets.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-saved-plans-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});
const at = (name: string): string => join(folder, name);

const web = host("web", { on: thisMachine, os: debian("12"), has: [] });
const platform = { name: "shop", hosts: [web, host("db", { on: thisMachine, os: debian("13"), has: [] })] };
const hostPlan: HostPlan = { host: "web", salt: "s", items: [{ id: "i", property: "p", digest: "d" }] };
const unsealed = {
  platform: "shop",
  digest: platformDigest(platform),
  madeAt: "2026-01-01T00:00:00.000Z",
  madeBy: "ada@desk",
  only: ["p"],
  hosts: [hostPlan],
  stations: { web: ["slipway-ci runs"] },
};

test("a saved plan is for its owner, and comes back as it was", async () => {
  await savePlan(at("plan"), unsealed);
  expect(statSync(at("plan")).mode & 0o777).toBe(0o600);
  expect(await readSavedPlan(at("plan"), platform)).toMatchObject(unsealed);
  await savePlan(at("plan"), { ...unsealed, madeBy: "eve" });
  expect((await readSavedPlan(at("plan"), platform)).madeBy).toBe("eve");
  await expect(savePlan(at("no/such/folder"), unsealed)).rejects.toMatchObject({ code: "ops.cannot-write" });
});

test("a plan that is damaged, of another version, platform or hosts is refused", async () => {
  const text = writeSavedPlan(unsealed);
  const refused = (changed: string) => () => parseSavedPlan(changed, "f");
  expect(refused(text)).not.toThrow();
  expect(refused("")).toThrow("f is no saved plan, or it is damaged");
  expect(refused(text.slice(0, -40))).toThrow("damaged");
  expect(refused("{}")).toThrow("no saved plan");
  expect(refused(text.replace('"digest": "d"', '"digest": "e"'))).toThrow("f is damaged: it is not as it was saved");
  expect(refused(text.replace('"version": 1', '"version": 7'))).toThrow(
    "a plan of version 7; this ops reads version 1",
  );
  writeFileSync(at("plan"), text);
  await expect(readSavedPlan(at("plan"), { ...platform, name: "other" })).rejects.toMatchObject({
    code: "ops.saved-plan-other",
    exitCode: 5,
    message: expect.stringContaining("of the platform shop, not of other"),
  });
  await expect(readSavedPlan(at("plan"), { ...platform, hosts: [web] })).rejects.toMatchObject({
    code: "ops.saved-plan-other",
  });
  await expect(readSavedPlan(at("none"), platform)).rejects.toMatchObject({ code: "ops.saved-plan", exitCode: 2 });
});

test("what a run left undone is remembered by host, over runs of other hosts", async () => {
  const runs = at("runs.json");
  expect(leftOver(["a", "b"], await readLastRuns(runs))).toEqual([]);
  await rememberRun(runs, [
    { host: "a", outcome: "done" },
    { host: "b", outcome: "failed" },
    { host: "c", outcome: "not begun" },
  ]);
  expect(leftOver(["c", "b", "a", "new"], await readLastRuns(runs))).toEqual(["c", "b"]);
  await rememberRun(runs, [{ host: "b", outcome: "done" }]);
  expect(leftOver(["a", "b", "c"], await readLastRuns(runs))).toEqual(["c"]);
  // A run that is killed leaves what it noted when it began; one that ends forgets that of hosts that it had nothing to do with.
  const before = await readLastRuns(runs);
  await rememberRun(runs, [
    { host: "a", outcome: "not begun" },
    { host: "b", outcome: "not begun" },
  ]);
  expect(leftOver(["a", "b", "c"], await readLastRuns(runs))).toEqual(["a", "b", "c"]);
  await rememberRun(runs, [{ host: "a", outcome: "done" }], before);
  expect(leftOver(["a", "b", "c"], await readLastRuns(runs))).toEqual(["c"]);
  writeFileSync(runs, "{ not json");
  expect(await readLastRuns(runs)).toEqual({});
});
