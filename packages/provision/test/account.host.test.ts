import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalCloud, startLocalCloud } from "../src/local/cloud.ts";
import { engineAt } from "../src/local/engine.ts";
import { dropResource, putResource, readResources } from "../src/local/resources.ts";
import type { Cloud } from "../src/local/state.ts";
import { part, type Said, say } from "./support/api.ts";
import { heldBy, nothing } from "./support/cloud.ts";

const name = `a${process.pid}`;
/** The engine's side of it, for things that need not be real here. */
const behind = { engine: engineAt(), name } as Cloud;
let cloud: LocalCloud;
let droplet = 0;
const call = (method: string, path: string, body?: object): Promise<Said> => say(cloud, method, path, body);

beforeAll(async () => {
  cloud = await startLocalCloud({ name });
  const asked = { name: "web", region: "lon1", size: "s-1vcpu-1gb", image: "debian-12-x64", tags: ["Blue"] };
  droplet = part(await call("POST", "/v2/droplets", asked), "droplet")["id"] as number;
  await call("POST", "/v2/domains", { name: "example.org" });
  await putResource(behind, "volume", "v1", { tags: ["blue"] });
  await putResource(behind, "volume-snapshot", "s1", { tags: [] });
  await putResource(behind, "reserved-ip", "192.0.2.1", { address: "192.0.2.1", region: "lon1", droplet });
  await putResource(behind, "reserved-ip", "192.0.2.2", { address: "192.0.2.2", region: "lon1" });
});
const clear = async (): Promise<void> => {
  for (const [kind, id] of [
    ["volume", "v1"],
    ["volume-snapshot", "s1"],
    ["reserved-ip", "192.0.2.1"],
    ["reserved-ip", "192.0.2.2"],
  ] as const)
    await dropResource(behind, kind, id);
  await call("DELETE", `/v2/droplets/${droplet}`);
  await call("DELETE", "/v2/domains/example.org");
  for (const { name: tag } of (await call("GET", "/v2/tags")).body["tags"] as { name: string }[])
    await call("DELETE", `/v2/tags/${tag}`);
  // What was changed of projects is the account's own and stays.
  for (const { id } of await readResources(behind, "project")) await dropResource(behind, "project", id);
};
afterAll(async () => {
  await clear();
  await cloud[Symbol.asyncDispose]();
});

test("tags count what they are on, and know one writing of each", async () => {
  const blue = part(await call("GET", "/v2/tags/Blue"), "tag");
  expect(blue).toEqual({
    name: "Blue",
    resources: {
      count: 2,
      last_tagged_uri: `${cloud.url}/v2/volumes/v1`,
      droplets: { count: 1, last_tagged_uri: `${cloud.url}/v2/droplets/${droplet}` },
      images: { count: 0 },
      volumes: { count: 1, last_tagged_uri: `${cloud.url}/v2/volumes/v1` },
      volume_snapshots: { count: 0 },
      databases: { count: 0 },
    },
  });
  expect(part(await call("POST", "/v2/tags", { name: "BLUE" }), "tag")["name"]).toBe("Blue");
  expect((await call("GET", "/v2/tags/blue")).status).toBe(404);
  expect(await call("POST", "/v2/tags", { name: "a.b" })).toMatchObject({
    status: 400,
    body: { error: expect.stringContaining("contains invalid characters"), messages: null },
  });

  const resources = (...ids: [string, string][]): object => ({
    resources: ids.map(([resource_type, resource_id]) => ({ resource_type, resource_id })),
  });
  expect((await call("POST", "/v2/tags/none/resources", resources(["droplet", `${droplet}`]))).status).toBe(404);
  expect((await call("POST", "/v2/tags/Blue/resources", resources(["droplet", "12"]))).status).toBe(404);
  expect((await call("POST", "/v2/tags/Blue/resources", resources(["bucket", "12"]))).status).toBe(422);
  expect((await call("POST", "/v2/tags/Blue/resources", resources(["volume_snapshot", "s1"]))).status).toBe(204);
  const off = resources(["volume", "v1"], ["droplet", `${droplet}`]);
  expect((await call("DELETE", "/v2/tags/Blue/resources", off)).status).toBe(204);
  expect(part(await call("GET", "/v2/tags/Blue"), "tag")["resources"]).toMatchObject({
    count: 1,
    volume_snapshots: { count: 1, last_tagged_uri: `${cloud.url}/v2/snapshots/s1` },
  });
  expect(part(await call("GET", `/v2/droplets/${droplet}`), "droplet")["tags"]).toEqual([]);
  expect((await call("DELETE", "/v2/tags/Blue")).status).toBe(204);
  expect((await call("GET", "/v2/tags")).body).toMatchObject({ tags: [], meta: { total: 0 } });
});

test("each thing is in one project: the default, until it is moved", async () => {
  const held = async (project: string): Promise<string[]> =>
    ((await call("GET", `/v2/projects/${project}/resources`)).body["resources"] as { urn: string }[])
      .map(({ urn }) => urn)
      .toSorted();
  const urns = {
    droplet: `do:droplet:${droplet}`,
    domain: "do:domain:example.org",
    volume: "do:volume:v1",
    bound: "do:floatingip:192.0.2.1",
    free: "do:floatingip:192.0.2.2",
  };
  expect(await held("default")).toEqual(Object.values(urns).toSorted());
  expect(await call("POST", "/v2/projects", { name: "p" })).toMatchObject({ status: 422 });
  const made = await call("POST", "/v2/projects", { name: "p", purpose: "mine", environment: "Production" });
  expect(made).toMatchObject({
    status: 201,
    body: { project: { name: "p", purpose: "Other: mine", environment: "Production", is_default: false } },
  });
  expect(await call("POST", "/v2/projects", { name: "p", purpose: "IoT" })).toMatchObject({ status: 409 });
  const id = String(part(made, "project")["id"]);
  expect(await call("POST", `/v2/projects/${id}/resources`, { resources: ["do:reservedip:192.0.2.1"] })).toMatchObject({
    status: 412,
    body: { message: "Cannot move a Reserved IP with an associated Droplet. Move the Droplet instead" },
  });
  const moved = await call("POST", `/v2/projects/${id}/resources`, {
    resources: [urns.droplet, "do:reservedip:192.0.2.2", "do:volume:none"],
  });
  expect(moved.status).toBe(200);
  expect(moved.body["resources"]).toMatchObject([
    { urn: urns.droplet, status: "assigned", links: { self: `${cloud.url}/v2/droplets/${droplet}` } },
    { urn: urns.bound, status: "ok" },
    { urn: urns.free, status: "assigned" },
    { urn: "do:volume:none", status: "not_found" },
  ]);
  expect(await held(id)).toEqual([urns.droplet, urns.bound, urns.free].toSorted());
  expect(await held("default")).toEqual([urns.domain, urns.volume].toSorted());
  const again = await call("POST", `/v2/projects/${id}/resources`, { resources: [urns.droplet] });
  expect(again.body["resources"]).toContainEqual(
    expect.objectContaining({ urn: urns.droplet, status: "already_assigned" }),
  );
  expect(await call("DELETE", `/v2/projects/${id}`)).toMatchObject({
    status: 412,
    body: { message: "cannot delete a project with resources. move or remove the resources first" },
  });
  await call("POST", "/v2/projects/default/resources", { resources: [urns.droplet, urns.free] });
  expect(await held(id)).toEqual([]);
  expect((await call("PUT", `/v2/projects/${id}`, { name: "q" })).status).toBe(422);
  expect(part(await call("PATCH", `/v2/projects/${id}`, { description: "d" }), "project")).toMatchObject({
    name: "p",
    description: "d",
  });
  expect((await call("DELETE", `/v2/projects/${id}`)).status).toBe(204);
  expect((await call("GET", `/v2/projects/${id}`)).status).toBe(404);
  expect((await call("DELETE", "/v2/projects/default")).status).toBe(412);
});

test("another default project leaves everything where it is", async () => {
  const first = part(await call("GET", "/v2/projects/default"), "project");
  const made = part(await call("POST", "/v2/projects", { name: "next", purpose: "IoT" }), "project");
  const changed = await call("PATCH", `/v2/projects/${String(made["id"])}`, { is_default: true });
  expect(part(changed, "project")).toMatchObject({ name: "next", is_default: true });
  const total = async (id: unknown): Promise<unknown> =>
    (await call("GET", `/v2/projects/${String(id)}/resources`)).body["meta"];
  expect(await total(first["id"])).toEqual({ total: 5 });
  expect(await total("default")).toEqual({ total: 0 });
  expect(await call("DELETE", `/v2/projects/${String(made["id"])}`)).toMatchObject({ status: 412 });
});

test("leaves nothing behind", async () => {
  await clear();
  expect(await heldBy(name)).toEqual(nothing);
});
