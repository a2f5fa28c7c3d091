import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalCloud, startLocalCloud } from "../src/local/cloud.ts";
import { removeCloud } from "../src/local/clouds.ts";
import { engineAt } from "../src/local/engine.ts";
import { noLimits } from "../src/local/limits.ts";
import { heldBy, nothing } from "./support/cloud.ts";
import { dyingEngine } from "./support/dying-engine.ts";
import { containersOf, imagesOf, type Raw, rawClient, saidOn } from "./support/raw.ts";

const name = `d${process.pid}`;
let cloud: LocalCloud;
let raw: Raw;
let id: number;
let address: string;

beforeAll(async () => {
  cloud = await startLocalCloud({ name, limits: noLimits });
  raw = rawClient(cloud);
  const body = { name: "web", region: "lon1", size: "s-1vcpu-1gb", image: "debian-12-x64" };
  id = (await raw.post("/v2/droplets", body)).body.droplet?.id ?? 0;
  address = (await raw.becomes(id, "active")).networks.v4[0]?.ip_address ?? "";
});
afterAll(async () => {
  await cloud[Symbol.asyncDispose]();
  // What a failed test left.
  await removeCloud(engineAt(), name);
});

/** Begins an action with a cloud that is lost after so many calls; gives whether it was, and how the action ended all the same. */
async function lostAfter(calls: number, action: object): Promise<{ lost: boolean; status: string }> {
  await using engine = await dyingEngine(calls);
  let begun: number;
  {
    await using lost = await startLocalCloud({ name, limits: noLimits, dockerSocket: engine.socket });
    begun = (await rawClient(lost).post(`/v2/droplets/${id}/actions`, action)).body.action?.id ?? 0;
    const { actions } = (await raw.get(`/v2/droplets/${id}/actions`)).body;
    expect(actions[0]?.id).toBe(begun);
  }
  const { action: ended } = await raw.until(`/v2/actions/${begun}`, (told) => told.action?.status !== "in-progress");
  return { lost: engine.dead(), status: ended?.status ?? "" };
}

// A dozen boots in a row.
test("a rebuild that was interrupted anywhere is completed, and the droplet is never lost", {
  timeout: 600_000,
}, async () => {
  let calls = 1;
  for (let lost = true; lost; calls += 1) {
    await saidOn(name, id, "echo old > /root/mark");
    const ended = await lostAfter(calls, { type: "rebuild", image: "debian-12-x64" });
    expect(ended.status).toBe("completed");
    lost = ended.lost;
    expect(await raw.droplet(id)).toMatchObject({
      name: "web",
      status: "active",
      networks: { v4: expect.arrayContaining([expect.objectContaining({ type: "public", ip_address: address })]) },
    });
    expect(await containersOf(name, id)).toHaveLength(1);
    expect(await saidOn(name, id, "cat /root/mark 2>/dev/null; hostname")).toBe("web");
  }
  // The note, the container, the removal, its files, the start, the end.
  expect(calls).toBeGreaterThanOrEqual(6);
});

test("a snapshot that was interrupted anywhere is completed, once", async () => {
  let calls = 1;
  for (let lost = true; lost; calls += 1) {
    const ended = await lostAfter(calls, { type: "snapshot", name: `s${calls}` });
    expect(ended.status).toBe("completed");
    lost = ended.lost;
    const { snapshots } = (await raw.get("/v2/snapshots")).body;
    expect(snapshots.map((one) => one.name)).toEqual([`s${calls}`]);
    expect((await raw.send("DELETE", `/v2/snapshots/${snapshots[0]?.id}`)).status).toBe(204);
  }
  expect(calls).toBeGreaterThanOrEqual(8);
});

test("leaves nothing", async () => {
  await raw.send("DELETE", `/v2/droplets/${id}`);
  await cloud[Symbol.asyncDispose]();
  expect(await heldBy(name)).toEqual(nothing);
  expect(await imagesOf(name)).toBe(0);
});
