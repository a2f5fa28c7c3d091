import { expect, test } from "vitest";
import { applyFilter, type FirewallData, readFirewalls, settleFilter } from "../src/local/filtering.ts";
import { putResource } from "../src/local/resources.ts";
import { labelledCloud } from "./support/labels-engine.ts";

const data: FirewallData = { name: "web", status: "waiting", inbound: [], outbound: [], droplets: [], tags: [] };

test("whoever begins to look trusts the filter that stands, also after it was made twice in a row", async () => {
  const { cloud, helpers, restart } = labelledCloud(`s${process.pid}`);
  await putResource(cloud, "firewall", "one", data);
  const marks = async (): Promise<readonly unknown[]> =>
    (await readFirewalls(cloud)).map((one) => [one.data.status, typeof one.data.standing]);
  for (const made of [1, 2, 3]) {
    await applyFilter(cloud);
    expect([helpers(), await marks()]).toEqual([made, [["succeeded", "string"]]]);
  }
  await settleFilter(cloud);
  expect(helpers()).toBe(3);
  restart("2026-01-02T00:00:00Z");
  await settleFilter(cloud);
  expect([helpers(), await marks()]).toEqual([4, [["succeeded", "string"]]]);
  await settleFilter(cloud);
  expect(helpers()).toBe(4);
});
