import { describe, expect, test } from "vitest";
import { firewallOf } from "../src/digitalocean/firewalls.ts";
import { keyOf } from "../src/digitalocean/keys.ts";
import { projectOf } from "../src/digitalocean/projects.ts";
import { addressesOf } from "../src/digitalocean/reserved-ips.ts";
import { volumeOf } from "../src/digitalocean/volumes.ts";
import { zoneOf } from "../src/digitalocean/zone.ts";
import { destroyStack, digitalOcean, digitalOceanProvider, generateSshKey } from "../src/index.ts";
import { readTags, tagsOf } from "../src/tags.ts";
import { hurriedClock } from "./support/clock.ts";
import { want } from "./support/resources.ts";

const hostKey = generateSshKey("host").publicKey;
const tagsIn = (stack: string, more: readonly string[] = []): string[] => [
  ...tagsOf(stack, want("web"), hostKey),
  ...more,
];
const droplet = (id: number, tags: readonly string[]) => ({
  id,
  name: "web",
  status: "active",
  created_at: "2026-01-01T00:00:00Z",
  disk: 25,
  features: [],
  size_slug: "s-1vcpu-1gb",
  region: { slug: "lon1" },
  image: { slug: "debian-12-x64", id: 1 },
  tags,
  networks: { v4: [], v6: [] },
});

/** An account with these droplets, as DigitalOcean tells of it; a list shows them from the call `from` on. */
async function account(droplets: readonly ReturnType<typeof droplet>[], from = 0, volumes: readonly object[] = []) {
  const there = new Map(droplets.map((one) => [String(one.id), one]));
  const asked: string[] = [];
  let lists = 0;
  const answers: Record<string, object> = {
    "/v2/sizes": { sizes: [] },
    "/v2/images": { images: [] },
    "/v2/regions": { regions: [] },
    "/v2/account": { account: { email: "a", droplet_limit: 25, status: "active" } },
    "/v2/account/keys": { ssh_keys: [] },
    "/v2/volumes": { volumes },
    "/v2/firewalls": { firewalls: [] },
    "/v2/domains": { domains: [] },
    "/v2/reserved_ips": { reserved_ips: [] },
    "/v2/projects": { projects: [] },
    "/v2/tags": { tags: [{ name: "slipway:stack:shop", resources: { count: 1 } }] },
  };
  const client = await digitalOcean({
    url: "http://cloud.test",
    token: () => Promise.resolve("t"),
    clock: hurriedClock(),
    fetch: (url, init) => {
      const { pathname, searchParams } = new URL(url);
      if (init.method !== "GET") asked.push(`${init.method} ${pathname}`);
      const [, id] = /^\/v2\/droplets\/(\d+)$/.exec(pathname) ?? [];
      if (id !== undefined) {
        const one = there.get(id);
        if (init.method === "DELETE") there.delete(id);
        if (one === undefined) return Promise.resolve(new Response("{}", { status: 404 }));
        return Promise.resolve(
          init.method === "DELETE"
            ? new Response(null, { status: 204 })
            : new Response(JSON.stringify({ droplet: one }), { status: 200 }),
        );
      }
      if (init.method === "DELETE") return Promise.resolve(new Response(null, { status: 204 }));
      if (pathname === "/v2/droplets") {
        const tag = searchParams.get("tag_name");
        const shown = lists++ < from ? [] : [...there.values()];
        const body = { droplets: shown.filter((one) => tag === null || one.tags.includes(tag)) };
        return Promise.resolve(new Response(JSON.stringify(body), { status: 200 }));
      }
      const body = answers[pathname];
      return Promise.resolve(new Response(JSON.stringify(body ?? {}), { status: body === undefined ? 404 : 200 }));
    },
  });
  const clock = hurriedClock();
  const provider = digitalOceanProvider(client, { stack: "shop", clock, lagMs: 0 });
  return { provider, clock, there, asked };
}

describe("a droplet with the tags of two stacks", () => {
  test("is neither's: destroying one of them says so and touches nothing", async () => {
    const { provider, clock, asked, there } = await account([droplet(7, tagsIn("shop", ["slipway:stack:blog"]))]);
    expect(await provider.machines()).toEqual([]);
    expect(readTags(["slipway:stack:shop", "slipway:stack:blog"])).not.toHaveProperty("stack");
    expect(readTags(["slipway:stack:shop", "slipway:stack:Shop"])).toMatchObject({ stack: "shop" });
    await expect(destroyStack({ provider, clock })).rejects.toMatchObject({
      code: "plan.problems",
      message: expect.stringMatching(/machine web \(7\) carries the marks of stacks blog and shop/) as unknown,
    });
    expect(asked).toEqual([]);
    expect(there.size).toBe(1);
  });
});

test("a volume with the tags of two stacks stops the plans of both", async () => {
  const tags = ["slipway:stack:shop", "slipway:stack:blog", "slipway:volume:data"];
  const volume = { id: "v", name: "shop-data", size_gigabytes: 1, droplet_ids: [], tags };
  const { provider, clock, asked } = await account([], 0, [volume]);
  await expect(destroyStack({ provider, clock })).rejects.toMatchObject({
    message: expect.stringMatching(/^volume data \(v\) carries the marks of stacks blog and shop, so/) as unknown,
  });
  expect(asked).toEqual([]);
});

test("what lists show late goes when it is the stack's alone and unprotected; the rest stays with its tags, and is told", async () => {
  const all = [
    droplet(1, tagsIn("shop")),
    droplet(2, tagsIn("shop", ["slipway:protected"])),
    droplet(3, tagsIn("shop", ["slipway:stack:blog"])),
  ];
  const { provider, clock, asked, there } = await account(all, 1);
  await expect(destroyStack({ provider, clock })).rejects.toMatchObject({
    code: "plan.problems",
    message: "left as it is: machine web (2) is protected; machine web (3) carries the marks of stacks blog and shop",
  });
  expect([...there.keys()]).toEqual(["2", "3"]);
  expect(asked).toContain("DELETE /v2/droplets/1");
  expect(asked).not.toContain("DELETE /v2/droplets");
  expect(asked).not.toContain("DELETE /v2/tags/slipway:stack:shop");
  const alone = await account([droplet(1, tagsIn("shop"))], 1);
  await destroyStack({ provider: alone.provider, clock: alone.clock });
  expect(alone.there.size).toBe(0);
  expect(alone.asked.map(decodeURIComponent)).toContain("DELETE /v2/tags/slipway:stack:shop");
});

test("every kind tells whose it is by its marks", () => {
  const volume = { id: "v", name: "shop-data", size_gigabytes: 1, droplet_ids: [] };
  expect(volumeOf({ ...volume, tags: ["slipway:stack:blog"] }, "shop", [])).toMatchObject({
    ours: false,
    owners: ["blog"],
  });
  expect(volumeOf({ ...volume, tags: ["slipway:stack:shop"] }, "shop", [])).not.toHaveProperty("owners");
  const rules = { id: "f", inbound_rules: [], outbound_rules: [] };
  const wall = (name: string) => firewallOf({ ...rules, name } as unknown as Parameters<typeof firewallOf>[0], "shop");
  expect(wall("slipway-blog.edge")).toMatchObject({ ours: false, owners: ["blog"] });
  expect(wall("slipway-shop.edge")).toMatchObject({ ours: true, name: "edge" });
  expect(wall("edge")).not.toHaveProperty("owners");
  const key = (name: string) => keyOf({ id: 1, name, public_key: hostKey, fingerprint: "" }, "shop");
  expect(key("slipway:blog:me")).toMatchObject({ ours: false, owners: ["blog"] });
  expect(key("slipway:shop:me")).toMatchObject({ ours: true, name: "me" });
  const project = (description: string) => projectOf({ id: "p", name: "all", description }, "shop", []);
  expect(project("Made by Slipway [slipway:blog]")).toMatchObject({ ours: false, owners: ["blog"] });
  expect(project("[slipway:shop]")).toMatchObject({ ours: true });
  const zone = zoneOf(
    [
      { id: 1, type: "TXT", name: "_slipway", data: "slipway:blog:domain" },
      { id: 2, type: "A", name: "www", data: "192.0.2.1" },
      { id: 3, type: "TXT", name: "_slipway.www", data: "slipway:blog:A" },
    ],
    "shop",
    "example.org",
  );
  expect(zone.domain).toMatchObject({ ours: false, owners: ["blog"] });
  expect(zone.records).toMatchObject([{ ours: false, owners: ["blog"] }]);
  const ip = { ip: "192.0.2.9", droplet: 7, region: { slug: "lon1" } };
  const address = (tags: string[]) =>
    addressesOf([ip], "shop", [], { adopted: () => "front", others: [{ id: 7, tags }] });
  expect(address(["slipway:ip:blog:front:192-0-2-9"])).toMatchObject([{ ours: false, owners: ["blog"] }]);
  expect(address(["slipway:stack:blog"])).toMatchObject([{ ours: false, owners: ["blog"] }]);
  expect(address(["slipway:stack:shop"])[0]).not.toHaveProperty("owners");
});
