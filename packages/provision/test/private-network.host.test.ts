import { afterAll, beforeAll, expect, test } from "vitest";
import { heldBy, nothing } from "./support/cloud.ts";
import { type Api, api, type Droplet } from "./support/raw-cloud.ts";

const name = `p${process.pid}`;
let cloud: Api;

beforeAll(async () => {
  cloud = await api({ name });
});
afterAll(async () => {
  for (const { id } of (await cloud.ok("GET", "/v2/droplets")).droplets) await cloud.ok("DELETE", `/v2/droplets/${id}`);
  for (const { id } of (await cloud.ok("GET", "/v2/vpcs")).vpcs) await cloud.call("DELETE", `/v2/vpcs/${id}`);
  for (const { ip } of (await cloud.ok("GET", "/v2/reserved_ips")).reserved_ips)
    await cloud.ok("DELETE", `/v2/reserved_ips/${ip}`);
  for (const { ip } of (await cloud.ok("GET", "/v2/reserved_ipv6")).reserved_ipv6s)
    await cloud.ok("DELETE", `/v2/reserved_ipv6/${ip}`);
  await cloud[Symbol.asyncDispose]();
  expect(await heldBy(name)).toEqual(nothing);
});

const reaches = (from: Droplet, address: string): Promise<string> =>
  cloud.said(from, `timeout 2 bash -c ': < /dev/tcp/${address}/22' 2> /dev/null && echo yes || echo no`);

test("droplets of one VPC reach each other on it, those of two do not", async () => {
  const [a, b] = await Promise.all([cloud.create("a"), cloud.create("b")]);
  const [own] = (await cloud.ok("GET", "/v2/vpcs")).vpcs;
  expect(own).toMatchObject({ name: "default-lon1", region: "lon1", default: true, urn: `do:vpc:${own.id}` });
  const vpc = { name: "inner", region: "lon1", ip_range: "10.9.8.0/24", description: "d" };
  const { vpc: inner } = await cloud.ok("POST", "/v2/vpcs", vpc);
  expect(inner).toMatchObject({ ...vpc, default: false });
  expect(await cloud.message(422, "POST", "/v2/vpcs", { ...vpc, name: "other" })).toMatch("overlaps");
  expect(await cloud.message(422, "POST", "/v2/vpcs", { ...vpc, ip_range: "10.7.0.0/24" })).toMatch("name");
  expect(await cloud.message(422, "POST", "/v2/vpcs", { ...vpc, name: "x", ip_range: "8.8.8.0/24" })).toMatch(
    "private",
  );
  const c = await cloud.create("c", { vpc_uuid: inner.id });
  const { droplet } = await cloud.ok("GET", `/v2/droplets/${c.id}`);
  expect(droplet.vpc_uuid).toBe(inner.id);
  expect(droplet.networks.v4[1]).toEqual({
    ip_address: "10.9.8.2",
    netmask: "255.255.255.0",
    gateway: "10.9.8.1",
    type: "private",
  });
  expect(await cloud.said(c, "ip -4 -br address show eth1; ip route show default")).toMatch(
    /^eth1\S* +UP +10\.9\.8\.2\/24 *\ndefault via \S+ dev eth0/,
  );
  expect({
    "a to b": await reaches(a, b.privateAddress),
    "b to a": await reaches(b, a.privateAddress),
    "a to c, public": await reaches(a, c.address),
  }).toEqual({ "a to b": "yes", "b to a": "yes", "a to c, public": "yes" });
  // The engine takes the rules between its networks out and puts them back whenever somebody makes a network.
  while ((await reaches(a, c.privateAddress)) === "yes");
  while ((await reaches(c, a.privateAddress)) === "yes");

  const { members } = await cloud.ok("GET", `/v2/vpcs/${inner.id}/members`);
  expect(members).toMatchObject([{ name: "c", urn: `do:droplet:${c.id}` }]);
  expect(await cloud.message(403, "DELETE", `/v2/vpcs/${inner.id}`)).toMatch("members");
  expect(await cloud.message(403, "DELETE", `/v2/vpcs/${own.id}`)).toMatch("default");
  await cloud.ok("PATCH", `/v2/vpcs/${inner.id}`, { name: "renamed", default: true });
  expect((await cloud.ok("GET", "/v2/vpcs")).vpcs).toMatchObject([
    { default: false },
    { name: "renamed", default: true },
  ]);
  await cloud.ok("PATCH", `/v2/vpcs/${own.id}`, { default: true });
  await cloud.ok("DELETE", `/v2/droplets/${c.id}`);
  await cloud.ok("DELETE", `/v2/vpcs/${inner.id}`);
  expect((await cloud.call("GET", `/v2/vpcs/${inner.id}`)).status).toBe(404);
});

test("a reserved address is answered on by the droplet that it is assigned to", async () => {
  const droplets: { id: number; name: string }[] = (await cloud.ok("GET", "/v2/droplets")).droplets;
  const [a, b] = ["a", "b"].map((each) => droplets.find((one) => one.name === each)?.id);
  const made = await cloud.ok("POST", "/v2/reserved_ips", { droplet_id: String(a) });
  const { ip } = made.reserved_ip;
  expect(made).toMatchObject({
    reserved_ip: { droplet: null, locked: true, region: { slug: "lon1" } },
    links: { droplets: [{ id: a }] },
  });
  expect(await cloud.ended(made.links.actions[0])).toBe("completed");
  expect(await cloud.said({ address: ip }, "hostname")).toBe("a");
  expect((await cloud.ok("GET", `/v2/floating_ips/${ip}`)).floating_ip).toMatchObject({
    ip,
    droplet: { id: a },
    locked: false,
  });
  expect(await cloud.message(422, "POST", `/v2/reserved_ips/${ip}/actions`, { type: "assign", droplet_id: a })).toMatch(
    "already assigned",
  );

  expect(await cloud.ended((await cloud.ok("POST", `/v2/droplets/${a}/actions`, { type: "reboot" })).action)).toBe(
    "completed",
  );
  expect(await cloud.said({ address: ip }, "hostname")).toBe("a");

  const { action } = await cloud.ok("POST", `/v2/reserved_ips/${ip}/actions`, { type: "assign", droplet_id: b });
  expect(action).toMatchObject({ type: "assign_ip", resource_type: "reserved_ip", region_slug: "lon1" });
  expect(await cloud.ended(action)).toBe("completed");
  expect(await cloud.said({ address: ip }, "hostname")).toBe("b");
  const away = await cloud.ok("POST", `/v2/floating_ips/${ip}/actions`, { type: "unassign" });
  expect(await cloud.ended(away.action)).toBe("completed");
  await expect(cloud.said({ address: ip }, "hostname", 0)).rejects.toThrow("cannot be reached");
  expect(await cloud.message(422, "POST", `/v2/reserved_ips/${ip}/actions`, { type: "unassign" })).toMatch(
    "not assigned",
  );
  expect((await cloud.ok("GET", `/v2/reserved_ips/${ip}/actions`)).actions).toHaveLength(3);
});

test("a reserved IPv6 address too; both outlive their droplet", async () => {
  const b = (await cloud.ok("GET", "/v2/droplets?name=b")).droplets[0].id;
  const { ip } = (await cloud.ok("POST", "/v2/reserved_ipv6", { region_slug: "lon1" })).reserved_ipv6;
  const four = (await cloud.ok("GET", "/v2/reserved_ips")).reserved_ips[0].ip;
  for (const path of [`reserved_ipv6/${ip}`, `reserved_ips/${four}`]) {
    const { action } = await cloud.ok("POST", `/v2/${path}/actions`, { type: "assign", droplet_id: b });
    expect(await cloud.ended(action)).toBe("completed");
  }
  expect(await cloud.said({ address: ip }, "hostname")).toBe("b");
  for (const { id } of (await cloud.ok("GET", "/v2/droplets")).droplets) await cloud.ok("DELETE", `/v2/droplets/${id}`);
  expect((await cloud.ok("GET", "/v2/reserved_ips")).reserved_ips).toMatchObject([{ ip: four, droplet: null }]);
  const { action } = await cloud.ok("POST", `/v2/reserved_ips/${four}/actions`, { type: "unassign" });
  expect(action.status).toBe("completed");
  const next = await cloud.create("next");
  const again = await cloud.ok("POST", `/v2/reserved_ips/${four}/actions`, { type: "assign", droplet_id: next.id });
  expect(await cloud.ended(again.action)).toBe("completed");
  expect(await cloud.said({ address: four }, "hostname")).toBe("next");
});
