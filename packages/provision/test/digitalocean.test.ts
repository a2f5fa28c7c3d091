import { describe, expect, test } from "vitest";
import { droplet as shape } from "../src/client/droplets.ts";
import { machineOf } from "../src/digitalocean/machines.ts";
import { zoneOf } from "../src/digitalocean/zone.ts";
import {
  applyProvision,
  changesOf,
  digestOf,
  digitalOcean,
  digitalOceanProvider,
  observe,
  planProvision,
  type Wanted,
} from "../src/index.ts";
import { generateSshKey } from "../src/ssh-key.ts";
import { tagsOf } from "../src/tags.ts";
import { hurriedClock } from "./support/clock.ts";
import { want } from "./support/resources.ts";

const operator = generateSshKey("operator");
const hostKey = generateSshKey("host").publicKey;
const wanted: readonly Wanted[] = [
  { kind: "key", name: "operator", publicKey: operator.publicKey },
  ...Array.from({ length: 200 }, (_, at) => want(`m${at}`)),
  ...Array.from({ length: 5 }, (_, at): Wanted => ({ kind: "domain", name: `d${at}.example` })),
];

const droplet = (machine: ReturnType<typeof want>, id: number) => ({
  id,
  name: machine.name,
  status: "active",
  created_at: "2026-01-01T00:00:00Z",
  disk: 25,
  features: [],
  size_slug: machine.size,
  region: { slug: machine.region },
  image: { slug: machine.image, id: 1 },
  tags: tagsOf("shop", machine, hostKey).filter((tag) => tag !== "slipway:fresh"),
  networks: { v4: [{ ip_address: "192.0.2.1", type: "public" }], v6: [] },
});

/** Answers as DigitalOcean does, and counts. */
function fake() {
  const calls: string[] = [];
  const size = {
    slug: "s-1vcpu-1gb",
    memory: 1024,
    vcpus: 1,
    disk: 25,
    price_monthly: 6,
    regions: ["lon1"],
    available: true,
  };
  const marker = { id: 1, type: "TXT", name: "_slipway", data: "slipway:shop:domain" };
  const answers: readonly (readonly [RegExp, object])[] = [
    [/^\/v2\/droplets/, { droplets: wanted.flatMap((one, at) => (one.kind === "machine" ? [droplet(one, at)] : [])) }],
    [/^\/v2\/account\/keys/, { ssh_keys: [] }],
    [/^\/v2\/account$/, { account: { email: "a", droplet_limit: 500, status: "active" } }],
    [/^\/v2\/sizes/, { sizes: [size] }],
    [/^\/v2\/images/, { images: [{ id: 1, slug: "debian-12-x64", min_disk_size: 7, tags: [] }] }],
    [/^\/v2\/domains\/.*\/records/, { domain_records: [marker] }],
    [/^\/v2\/volumes/, { volumes: [] }],
    [/^\/v2\/firewalls/, { firewalls: [] }],
  ];
  const client = digitalOcean({
    url: "http://cloud.test",
    token: () => Promise.resolve("t"),
    clock: hurriedClock(),
    fetch: (url, init) => {
      const { pathname, search } = new URL(url);
      calls.push(`${init.method} ${pathname}${search}`);
      const [, body] = answers.find(([pattern]) => pattern.test(pathname)) ?? [];
      return Promise.resolve(new Response(JSON.stringify(body ?? {}), { status: body === undefined ? 404 : 200 }));
    },
  });
  return { calls, client };
}

test("a plan of 200 machines and 5 domains takes 12 calls at most, with volumes and firewalls too", async () => {
  const { calls, client } = fake();
  const provider = digitalOceanProvider(await client, { stack: "shop", clock: hurriedClock() });
  const plan = planProvision(wanted, await observe(provider, { wanted }), { stack: "shop" });
  expect(plan.problems).toEqual([]);
  expect(changesOf(plan)).toBe(0);
  expect(plan.steps).toHaveLength(205);
  expect(calls).toHaveLength(10);
  const more: readonly Wanted[] = [
    ...wanted,
    { kind: "volume", name: "data", region: "lon1", gigabytes: 1, protect: false },
    { kind: "firewall", name: "edge", machines: [], inbound: [], outbound: [] },
  ];
  calls.length = 0;
  const larger = planProvision(more, await observe(provider, { wanted: more }), { stack: "shop" });
  expect(calls).toHaveLength(12);
  expect(changesOf(larger)).toBe(2);
});

test("a plan that is no longer true is refused before anything is changed", async () => {
  const { calls, client } = fake();
  const provider = digitalOceanProvider(await client, { stack: "shop", clock: hurriedClock() });
  const fewer = wanted.filter((one) => one.name !== "m7");
  const plan = planProvision(fewer, await observe(provider, { wanted: fewer }), { stack: "shop" });
  expect(plan.unlisted).toMatchObject([{ ref: "machine m7", monthly: 6 }]);
  const connect = (): Promise<never> => Promise.reject(new Error("not reached"));
  const stale = { ...plan, digest: plan.digest.replace(/^./, (first) => (first === "a" ? "b" : "a")) };
  await expect(applyProvision(stale, { provider, connect })).rejects.toMatchObject({ code: "plan.stale", exitCode: 5 });
  expect(calls.filter((call) => !call.startsWith("GET"))).toEqual([]);
});

/** A droplet as the client reads it, with these tags and addresses. */
const read = (tags: readonly string[], addresses: readonly string[] = []) =>
  shape.parse({
    ...droplet(want("web"), 7),
    tags,
    networks: {
      v4: addresses.map((ip_address, at) => ({ ip_address, type: at === 0 ? "public" : "private" })),
      v6: [],
    },
  });

test("a droplet has no address where what is told is none", () => {
  const told = machineOf(read([], ["192.0.2.7\n  ProxyCommand x", "-oProxyCommand=x"]), "shop");
  expect(told).toMatchObject({ address: "", privateAddress: "" });
  expect(machineOf(read([], ["192.0.2.7", "10.0.0.7"]), "shop")).toMatchObject({
    address: "192.0.2.7",
    privateAddress: "10.0.0.7",
  });
});

describe("records of a zone", () => {
  const row = (id: number, type: string, name: string, data: string, more: object = {}) => ({
    id,
    type,
    name,
    data,
    ...more,
  });
  const ns = row(1, "NS", "@", "ns1.digitalocean.com");

  test("are the stack's where a marker beside them says so", () => {
    const zone = zoneOf(
      [
        ns,
        row(2, "SOA", "@", "1800"),
        row(3, "A", "www", "192.0.2.1"),
        row(4, "TXT", "_slipway.www", "slipway:shop:A"),
        row(5, "A", "theirs", "192.0.2.2"),
        row(6, "A", "other", "192.0.2.3"),
        row(7, "TXT", "_slipway.other", "slipway:blog:A"),
        row(8, "CNAME", "*.dev", "WWW.example.org", { ttl: 60 }),
        row(9, "TXT", "_slipway._any.dev", '"slipway:shop:CNAME"'),
      ],
      "shop",
      "example.org",
    );
    expect(zone.domain).toMatchObject({ ours: false, empty: false });
    expect(zone.records.map((one) => [one.host, one.type, one.data, one.ours])).toEqual([
      ["@", "NS", "ns1.digitalocean.com.", false],
      ["www", "A", "192.0.2.1", true],
      ["theirs", "A", "192.0.2.2", false],
      ["other", "A", "192.0.2.3", false],
      ["*.dev", "CNAME", "www.example.org.", true],
    ]);
  });

  test("read as they are asked for", () => {
    const data = [";", "letsencrypt.org", "letsencrypt.org; validationmethods=dns-01"];
    const zone = zoneOf(
      [
        ...data.map((text, at) => row(at, "CAA", "@", text, { tag: "issue", flags: 0 })),
        row(8, "TXT", "@", '"v=spf1 -all"'),
        row(9, "TXT", "@", '"a" "b"'),
      ],
      "shop",
      "example.org",
    );
    expect(zone.records.map((one) => one.data)).toEqual([
      ";",
      "letsencrypt.org.",
      "letsencrypt.org; validationmethods=dns-01",
      "v=spf1 -all",
      '"a" "b"',
    ]);
  });

  test("text beside other text is the stack's by what it says", () => {
    const zone = zoneOf(
      [
        row(1, "TXT", "@", "v=spf1 -all"),
        row(2, "TXT", "@", "theirs"),
        row(3, "TXT", "_slipway", `slipway:shop:TXT:${digestOf("v=spf1 -all")}`),
      ],
      "shop",
      "example.org",
    );
    expect(zone.records.map((one) => [one.data, one.ours])).toEqual([
      ["v=spf1 -all", true],
      ["theirs", false],
    ]);
    expect(zone.domain.empty).toBe(false);
    expect(zoneOf([ns], "shop", "example.org").domain.empty).toBe(true);
  });
});
