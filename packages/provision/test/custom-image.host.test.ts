import { spawn } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalCloud, startLocalCloud } from "../src/local/cloud.ts";
import { removeCloud } from "../src/local/clouds.ts";
import { engineAt } from "../src/local/engine.ts";
import { noLimits } from "../src/local/limits.ts";
import { heldBy, nothing } from "./support/cloud.ts";
import { containersOf, imagesOf, type Raw, rawClient, saidOn } from "./support/raw.ts";

const name = `i${process.pid}`;
const good = { region: "lon1", size: "s-1vcpu-512mb-10gb", image: "debian-12-x64" };
let cloud: LocalCloud;
let raw: Raw;
let shop: Server;
let url: string;
let exported = "";

beforeAll(async () => {
  cloud = await startLocalCloud({ name, limits: noLimits });
  raw = rawClient(cloud);
  // Serves a container's root, something that is none, and nothing.
  shop = createServer((request, response) => {
    if (request.url === "/root.tar") spawn("docker", ["export", exported]).stdout.pipe(response);
    else response.writeHead(request.url === "/noise.qcow2" ? 200 : 404).end("QFI\xfb and so on");
  });
  await new Promise<void>((resolve) => shop.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;
});
afterAll(async () => {
  shop.close();
  shop.closeAllConnections();
  await cloud[Symbol.asyncDispose]();
  // What a failed test left.
  await removeCloud(engineAt(), name);
});

async function bring(path: string): Promise<{ id: number; image: object }> {
  const body = { name: "mine", url: `${url}${path}`, region: "lon1", distribution: "Debian", tags: ["t"] };
  const made = await raw.post("/v2/images", body);
  expect(made).toMatchObject({ status: 202, body: { image: { status: "NEW", type: "custom", tags: ["t"] } } });
  const id = Number(made.body.image.id);
  const { image } = await raw.until(`/v2/images/${id}`, (told) => told.image.status !== "NEW");
  return { id, image };
}

test("what cannot be fetched, or is no root file system, says so", async () => {
  const told = await raw.post("/v2/images", { name: "mine", url: "ftp://x/y", region: "lon1" });
  expect([told.status, told.body.message]).toEqual([422, "Url is not a valid URL"]);
  for (const [path, why] of [
    ["/nothing", "the URL answered 404"],
    ["/noise.qcow2", "file format"],
  ] as const) {
    const { id, image } = await bring(path);
    expect(image).toMatchObject({ status: "deleted", error_message: expect.stringContaining(why) });
    expect((await raw.post("/v2/droplets", { ...good, name: "no", image: id })).status).toBe(422);
    expect((await raw.send("DELETE", `/v2/images/${id}`)).status).toBe(204);
  }
});

test("the root of a machine becomes an image, and that a machine again", async () => {
  const first = (await raw.post("/v2/droplets", { ...good, name: "first" })).body.droplet?.id ?? 0;
  await raw.becomes(first, "active");
  await saidOn(name, first, "echo brought > /root/mark");
  exported = (await containersOf(name, first))[0] ?? "";
  const { id, image } = await bring("/root.tar");
  expect(image).toMatchObject({ status: "available", distribution: "Debian", error_message: "" });
  const put = await raw.send("PUT", `/v2/images/${id}`, { body: { name: "ours", distribution: "Plan 9" } });
  expect(put.body.image).toMatchObject({ name: "ours", distribution: "Unknown" });
  expect((await raw.get("/v2/images?tag_name=t")).body.images).toMatchObject([{ id, name: "ours" }]);
  // It is no snapshot.
  expect((await raw.get(`/v2/snapshots/${id}`)).status).toBe(404);

  const second = (await raw.post("/v2/droplets", { ...good, name: "second", image: id })).body.droplet?.id ?? 0;
  await raw.becomes(second, "active");
  expect(await saidOn(name, second, "cat /root/mark; hostname; systemctl is-active ssh")).toBe(
    "brought\nsecond\nactive",
  );
  const machines = [first, second].map((droplet) => saidOn(name, droplet, "cat /etc/machine-id"));
  expect(new Set(await Promise.all(machines)).size).toBe(2);
  for (const droplet of [first, second]) await raw.send("DELETE", `/v2/droplets/${droplet}`);
  await raw.send("DELETE", `/v2/images/${id}`);
  await cloud[Symbol.asyncDispose]();
  expect(await heldBy(name)).toEqual(nothing);
  expect(await imagesOf(name)).toBe(0);
});
