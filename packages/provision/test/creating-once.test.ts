import { virtualClock } from "@slipway/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type DigitalOcean, digitalOcean } from "../src/client/client.ts";
import { generateSshKey, md5OfKey } from "../src/ssh-key.ts";
import { finished } from "./support/clock.ts";
import { type Extra, type Fate, forgetfulCloud } from "./support/forgetful-cloud.ts";

const key = generateSshKey("mine").publicKey;
const droplet = { region: "nyc3", size: "s", image: "i", ssh_keys: [], tags: ["web"] };
const made: Extra = (_body, id) => ({
  id,
  status: "new",
  created_at: "2026-01-01T00:00:00Z",
  size: { price_monthly: 6 },
  size_slug: "s",
  region: { slug: "nyc3" },
  image: {},
  networks: {},
});
const action = { many: "actions", one: "action" } as const;
const started: Extra = (body, id) => ({ id, status: "in-progress", type: body["type"] });
const address: Extra = (body, id) => ({
  ip: `192.0.2.${id % 250}`,
  region: { slug: body["region"] ?? "nyc3" },
  region_slug: body["region_slug"],
  droplet: body["droplet_id"] === undefined ? null : { id: body["droplet_id"] },
});
const snapshot: Extra = (_body, id) => ({
  id: String(id),
  created_at: "2026-01-01T00:00:00Z",
  regions: [],
  min_disk_size: 1,
  size_gigabytes: 1,
  resource_id: "v",
  resource_type: "volume",
});

type Kind = Parameters<typeof forgetfulCloud>[0];
const kinds: readonly (readonly [what: string, kind: Kind, make: (client: DigitalOcean) => Promise<unknown>])[] = [
  [
    "droplet",
    { many: "droplets", one: "droplet", extra: made },
    (client) => client.droplets.create({ ...droplet, name: "web-1" }, "intent:1"),
  ],
  [
    "volume",
    {
      many: "volumes",
      one: "volume",
      unique: "name",
      extra: (_, id) => ({ id: String(id), region: { slug: "nyc3" } }),
    },
    (client) => client.volumes.create({ name: "data", region: "nyc3", size_gigabytes: 10, tags: ["intent:1"] }),
  ],
  [
    "firewall",
    { many: "firewalls", one: "firewall", unique: "name", extra: (_, id) => ({ id: String(id) }) },
    (client) => client.firewalls.create({ name: "web" }),
  ],
  [
    "key",
    {
      many: "ssh_keys",
      one: "ssh_key",
      unique: "public_key",
      extra: (_, id) => ({ id, fingerprint: md5OfKey(key) }),
    },
    (client) => client.keys.create({ name: "mine", public_key: key }),
  ],
  [
    "domain",
    { many: "domains", one: "domain", unique: "name", extra: () => ({ ttl: 1_800 }) },
    (client) => client.domains.create({ name: "example.org" }),
  ],
  [
    "record",
    { many: "domain_records", one: "domain_record", extra: (_, id) => ({ id }) },
    (client) => client.records.create("example.org", { type: "CNAME", name: "www", data: "example.net.", ttl: 60 }),
  ],
  [
    "reserved address of a droplet",
    { many: "reserved_ips", one: "reserved_ip", extra: address },
    (client) => client.reservedIps.create({ droplet_id: 7 }),
  ],
  [
    "reserved address of a region",
    { many: "reserved_ips", one: "reserved_ip", extra: address },
    (client) => client.reservedIps.create({ region: "nyc3" }),
  ],
  [
    "floating address",
    { many: "floating_ips", one: "floating_ip", extra: address },
    (client) => client.floatingIps.create({ region: "nyc3" }),
  ],
  [
    "IPv6 address",
    { many: "reserved_ipv6s", one: "reserved_ipv6", extra: address },
    (client) => client.reservedIpv6.create("nyc3"),
  ],
  [
    "snapshot of a volume",
    { many: "snapshots", one: "snapshot", extra: snapshot },
    (client) => client.volumes.snapshot("v", { name: "before" }),
  ],
  [
    "action",
    { ...action, extra: started },
    (client) => client.dropletActions.start(1, { type: "snapshot", name: "b" }),
  ],
  [
    "action of a volume",
    { ...action, extra: (body, id) => ({ ...started(body, id), type: "attach_volume" }) },
    (client) => client.volumes.act("v", { type: "attach", droplet_id: 1 }),
  ],
  [
    "project",
    { many: "projects", one: "project", unique: "name", extra: (_, id) => ({ id: String(id) }) },
    (client) => client.projects.create({ name: "shop", purpose: "Website" }),
  ],
  [
    "network",
    { many: "vpcs", one: "vpc", unique: "name", extra: (_, id) => ({ id: String(id), ip_range: "10.0.0.0/20" }) },
    (client) => client.vpcs.create({ name: "inner", region: "nyc3" }),
  ],
  [
    "custom image",
    { many: "images", one: "image", extra: (_, id) => ({ id }) },
    (client) => client.images.create({ name: "mine", url: "http://images.test/a", region: "nyc3" }),
  ],
];

const fate = fc.constantFrom<Fate>("told", "reset after", "500 after", "garbled after", "reset before", "503 before");

test.each(kinds)("whatever becomes of the answers, one %s is made", async (_what, kind, make) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fate, { maxLength: 2 }), fc.integer({ min: 0, max: 9_500 }), async (fates, lagMs) => {
      const cloud = forgetfulCloud(kind, fates, lagMs);
      const result = await finished(cloud.clock, make(cloud.client), 100);
      expect(result).toBeDefined();
      expect(cloud.made()).toBe(1);
    }),
    { numRuns: 25 },
  );
});

test.each(kinds)("a %s whose calls come to nothing is not said to be made", async (_what, kind, make) => {
  const cloud = forgetfulCloud(kind, ["reset before", "503 before", "reset before"], 0);
  await expect(finished(cloud.clock, make(cloud.client))).rejects.toMatchObject({ sure: false });
  expect([cloud.made(), cloud.posts()]).toEqual([0, 3]);
});

test("what had the name before is not taken for what a lost call made", async () => {
  const old = { id: "9", name: "before", ...snapshot({}, 9) };
  const snapshots = forgetfulCloud({ many: "snapshots", one: "snapshot", extra: snapshot }, ["reset before"], 0, [old]);
  const found = await finished(snapshots.clock, snapshots.client.volumes.snapshot("v", { name: "before" }));
  expect([found.id, snapshots.made()]).toEqual(["1001", 1]);
  const volume = { many: "volumes", one: "volume", unique: "name", extra: made };
  const theirs = { id: "1", name: "data", size_gigabytes: 10, region: { slug: "nyc3" }, tags: ["other"] };
  const volumes = forgetfulCloud(volume, ["reset before"], 0, [theirs]);
  const asked = { name: "data", region: "nyc3", size_gigabytes: 10, tags: ["intent:1"] };
  await expect(finished(volumes.clock, volumes.client.volumes.create(asked))).rejects.toMatchObject({
    code: "name.taken",
  });
});

test("of several droplets made at once, those that a lost call did not make are made", async () => {
  const kind = { many: "droplets", one: "droplet", extra: made };
  for (const fates of [["reset after"], ["reset before"], ["500 after", "told"], []] as const) {
    const cloud = forgetfulCloud(kind, fates, 3_000);
    const all = await finished(cloud.clock, cloud.client.droplets.createMany(["a", "b", "c"], droplet, "intent:1"));
    expect(all.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    expect(cloud.made()).toBe(3);
  }
});

test("two addresses whose answers are lost are two", async () => {
  const kind = { many: "reserved_ips", one: "reserved_ip", extra: address };
  const cloud = forgetfulCloud(kind, ["reset after", "500 after"], 1_000);
  const both = [1, 2].map(() => cloud.client.reservedIps.create({ region: "nyc3" }));
  const ips = (await finished(cloud.clock, Promise.all(both))).map(({ ip }) => ip);
  expect(new Set(ips).size).toBe(2);
  expect(cloud.made()).toBe(2);
});

test("what was just made is asked for again when it is unknown, and what was never made or is deleted is not", async () => {
  const asked: string[] = [];
  const clock = virtualClock();
  const client = await digitalOcean({
    url: "http://cloud.test",
    token: () => Promise.resolve("t"),
    clock,
    limits: [],
    lagMs: 5_000,
    fetch: async (url, init) => {
      asked.push(`${init.method} ${new URL(url).pathname}`);
      await clock.sleep(5);
      const body = { droplet: { ...made({}, 7), name: "web-1" } };
      if (init.method === "POST") return new Response(JSON.stringify(body), { status: 202 });
      const known = url.endsWith("/7") && clock.monotonic() > 3_000;
      return new Response(JSON.stringify(known ? body : { message: "not found" }), { status: known ? 200 : 404 });
    },
  });
  const { id } = await finished(clock, client.droplets.create({ ...droplet, name: "web-1" }, "intent:1"));
  expect((await finished(clock, client.droplets.get(id))).name).toBe("web-1");
  expect(asked.length).toBeGreaterThan(4);
  await expect(finished(clock, client.droplets.get(8))).rejects.toMatchObject({ code: "cloud.absent" });
  const before = asked.length;
  await finished(clock, client.droplets.remove(id));
  await expect(finished(clock, client.dropletActions.list(id))).rejects.toMatchObject({ status: 404 });
  expect(asked.slice(before)).toEqual(["DELETE /v2/droplets/7", "GET /v2/droplets/7/actions"]);
});
