import { afterAll, beforeAll, expect, test } from "vitest";
import { startLocalCloud } from "../src/local/cloud.ts";
import { noLimits } from "../src/local/limits.ts";
import { heldBy, nothing } from "./support/cloud.ts";
import { dyingEngine } from "./support/dying-engine.ts";
import { type Api, api, type Droplet } from "./support/raw-cloud.ts";

const name = `q${process.pid}`;
let cloud: Api;
let droplet: Droplet;

beforeAll(async () => {
  cloud = await api({ name, limits: noLimits });
  droplet = await cloud.create("web");
});
afterAll(() => cloud[Symbol.asyncDispose]());

/** Sends a request to another server of the same cloud, which loses its engine after so many calls; tells whether it was lost. */
async function lostAfter(calls: number, path: string, body: object): Promise<boolean> {
  await using engine = await dyingEngine(calls);
  await using lost = await startLocalCloud({ name, limits: noLimits, dockerSocket: engine.socket });
  await fetch(`${lost.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${lost.token}` },
    body: JSON.stringify(body),
  });
  await lost[Symbol.asyncDispose]();
  return engine.dead();
}
const idle = (): Promise<true> =>
  cloud.until(async () => {
    const { actions } = await cloud.ok("GET", `/v2/droplets/${droplet.id}/actions`);
    return actions.some((one: { status: string }) => one.status === "in-progress") ? undefined : true;
  });

test("an attachment that was interrupted anywhere is completed, or was never begun", async () => {
  const { id } = (
    await cloud.ok("POST", "/v2/volumes", { name: "v", region: "lon1", size_gigabytes: 1, filesystem_type: "ext4" })
  ).volume;
  const seen = new Set<string>();
  for (let calls = 0, lost = true; lost; calls += 2) {
    lost = await lostAfter(calls, `/v2/volumes/${id}/actions`, { type: "attach", droplet_id: droplet.id });
    await idle();
    const held = (await cloud.ok("GET", `/v2/volumes/${id}`)).volume.droplet_ids.length === 1;
    seen.add(held ? "attached" : "never begun");
    expect(await cloud.said(droplet, "findmnt -no TARGET /mnt/v; true")).toBe(held ? "/mnt/v" : "");
    if (!held) continue;
    const { action } = await cloud.ok("POST", `/v2/volumes/${id}/actions`, { type: "detach", droplet_id: droplet.id });
    expect(await cloud.ended(action)).toBe("completed");
  }
  expect([...seen].toSorted()).toEqual(["attached", "never begun"]);
  await cloud.ok("DELETE", `/v2/volumes/${id}`);
});

test("an address that was being assigned is answered on, or was never begun", async () => {
  const { ip } = (await cloud.ok("POST", "/v2/reserved_ips", { region: "lon1" })).reserved_ip;
  for (let calls = 0, lost = true; lost; calls += 2) {
    lost = await lostAfter(calls, `/v2/reserved_ips/${ip}/actions`, { type: "assign", droplet_id: droplet.id });
    await idle();
    if ((await cloud.ok("GET", `/v2/reserved_ips/${ip}`)).reserved_ip.droplet === null) continue;
    expect(await cloud.said({ address: ip }, "hostname")).toBe("web");
    const { action } = await cloud.ok("POST", `/v2/reserved_ips/${ip}/actions`, { type: "unassign" });
    expect(await cloud.ended(action)).toBe("completed");
  }
  await cloud.ok("DELETE", `/v2/reserved_ips/${ip}`);
});

test("leaves nothing", async () => {
  await cloud.ok("DELETE", `/v2/droplets/${droplet.id}`);
  await cloud.restart();
  await cloud[Symbol.asyncDispose]();
  expect(await heldBy(name)).toEqual(nothing);
});
