import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalCloud, startLocalCloud } from "../src/local/cloud.ts";
import { removeCloud } from "../src/local/clouds.ts";
import { engineAt } from "../src/local/engine.ts";
import type { Faults } from "../src/local/faults.ts";
import { noLimits } from "../src/local/limits.ts";
import { type Raw, rawClient, saidOn } from "./support/raw.ts";

const name = `f${process.pid}`;
const sshMs = 3_000;
const late: Faults = Object.assign(() => undefined, {
  ofNewDroplet: () => ({ listedMs: 12_000, foundMs: 10_000, sshMs }),
});
let cloud: LocalCloud;
let raw: Raw;

beforeAll(async () => {
  cloud = await startLocalCloud({ name, limits: noLimits, faults: late });
  raw = rawClient(cloud);
});
afterAll(async () => {
  await cloud[Symbol.asyncDispose]();
  // What a failed test left.
  await removeCloud(engineAt(), name);
});

test("a new droplet is late in lists, by its id, and with its sshd; another server of the cloud knows that", async () => {
  await using other = await startLocalCloud({ name, limits: noLimits });
  const body = { name: "late", region: "lon1", size: "s-1vcpu-1gb", image: "debian-12-x64", tags: ["late"] };
  const id = (await raw.post("/v2/droplets", body)).body.droplet?.id ?? 0;
  await Promise.all(
    [raw, rawClient(other)].map(async (client) => {
      expect((await client.get(`/v2/droplets/${id}`)).status).toBe(404);
      expect((await client.get("/v2/droplets?tag_name=late")).body).toMatchObject({ droplets: [], meta: { total: 0 } });
    }),
  );
  await raw.becomes(id, "active");
  await raw.until("/v2/droplets", (told) => told.meta.total === 1);
  const at = "ExecMainStartTimestampMonotonic ExecMainExitTimestampMonotonic".split(" ").map((one) => `-p ${one}`);
  const said = await saidOn(name, id, `systemctl show cloud-init.service ${at.join(" ")} --value`);
  const [from = 0, to = 0] = said.split("\n").map(Number);
  expect(Math.abs(to - from) / 1e3).toBeGreaterThan(sshMs);
  await raw.send("DELETE", `/v2/droplets/${id}`);
});
