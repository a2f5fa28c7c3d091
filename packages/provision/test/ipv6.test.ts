import { expect, test } from "vitest";
import { droplet as shape } from "../src/client/droplets.ts";
import { domainsOf } from "../src/digitalocean/domains.ts";
import { machineOf, machinesOf } from "../src/digitalocean/machines.ts";
import { zoneOf } from "../src/digitalocean/zone.ts";
import {
  domain,
  droplet,
  type HostOnMachine,
  planProvision,
  record,
  refOf,
  reservedIp,
  type Seen,
  specOf,
  wantedOf,
} from "../src/index.ts";
import { answering } from "./support/answering.ts";
import { cloud, made, want } from "./support/resources.ts";

const host = (name: string, ipv6: boolean): HostOnMachine => ({
  name,
  on: droplet({ cloud: "local", region: "lon1", size: "s-1vcpu-1gb", ...(ipv6 && { ipv6 }) }),
  has: [{ info: [{ kind: "name", name: `${name}.example.org` }] }],
});
const [web, old] = [host("web", true), host("old", false)];
const six = "2604:a880:0:1010::18a:a001";

test("names that hosts tell of lead to the IPv6 addresses of those that have one, and so do records by hand", () => {
  const zone = domain("example.org", { records: [record.aaaa("six", web), record.aaaa("lit", "2001:DB8::0:1")] });
  const wanted = wantedOf([web, old], [zone, reservedIp("front", { on: web })], "ssh-ed25519 AAAA");
  const records = wanted.flatMap((one) => (one.kind === "record" ? [[one.host, one.type, one.data]] : []));
  expect(records).toEqual([
    ["six", "AAAA", { of: "machine web" }],
    ["lit", "AAAA", "2001:db8::1"],
    ["web", "A", { of: "reserved-ip front" }],
    ["web", "AAAA", { of: "machine web" }],
    ["old", "A", { of: "machine old" }],
  ]);
  expect(() => record.aaaa("no", old)).toThrow(/no IPv6 address; say ipv6: true/);
  const own = domain("example.org", { records: [record.cname("web", "old")] });
  const hosts = wantedOf([web], [own], "ssh-ed25519 AAAA").flatMap((one) => (one.kind === "record" ? [one.type] : []));
  expect(hosts).toEqual(["CNAME"]);
});

test("a record follows the address of its machine, and waits for a machine that gets one", () => {
  const zone = domain("example.org", { records: [record.aaaa("six", web)], told: "ignored" });
  const wanted = wantedOf([{ ...web, has: [] }], [zone], "ssh-ed25519 AAAA").filter((one) => one.kind !== "key");
  const plan = (...seen: readonly Seen[]) => {
    const there: Seen = { kind: "domain", name: "example.org", id: "d", ours: true, dollarsMonthly: 0, empty: false };
    return planProvision(wanted, cloud([there, ...seen]), { stack: "shop" }).steps.filter((step) => step.do !== "keep");
  };
  const has = { ipv6: true, address6: six };
  const row = (data: string) =>
    zoneOf(
      [
        { id: 1, type: "AAAA", name: "six", data },
        { id: 2, type: "TXT", name: "_slipway.six", data: "slipway:shop:AAAA" },
      ],
      "shop",
      "example.org",
    ).records.map((one) => ({ ...one, ttl: 1_800 }));
  expect(plan(made("web", 1, has), ...row("2604:A880:0:1010:0:0:018A:A001"))).toEqual([]);
  expect(plan(made("web", 1, has), ...row("2604:a880::1"))).toMatchObject([
    { do: "update", fields: [{ field: "data", from: "2604:a880::1", to: six }] },
  ]);
  expect(plan(made("web", 1))).toMatchObject([
    { id: "update machine web", fields: [{ field: "ipv6", from: "off", to: "on", by: "file" }] },
    { id: "create record example.org six aaaa", after: ["ready machine web"] },
  ]);
});

test("a machine that gets one later must be told of it by hand, and the plan says so", () => {
  const asked = want("web", { ipv6: true });
  const told = (seen: readonly Seen[]) => planProvision([asked], cloud(seen), { stack: "shop" }).drift;
  expect(told([made("web", 1)])).toEqual([expect.stringContaining("must be told of its IPv6 address by hand")]);
  expect(told([])).toEqual([]);
  expect(told([made("web", 1, { ipv6: true }, asked)])).toEqual([]);
});

test("it stays when nobody asks for it any more, and without it a spec is what it was before", () => {
  const plan = planProvision([want("web")], cloud([made("web", 1, { ipv6: true })]), { stack: "shop" });
  expect(plan.steps).toMatchObject([{ do: "keep" }]);
  expect(specOf(want("web", { ipv6: false }))).toBe(specOf(want("web")));
  expect(specOf(want("web", { ipv6: true }))).not.toBe(specOf(want("web")));
});

test("a droplet is made with it, gets it later, and tells of it", async () => {
  const body = (v6: readonly object[], features: readonly string[] = []) => ({
    id: 7,
    name: "web",
    status: "active",
    created_at: "2026-01-01T00:00:00Z",
    features,
    size_slug: "s-1vcpu-1gb",
    region: { slug: "lon1" },
    image: { slug: "debian-12-x64", id: 1 },
    tags: ["slipway:stack:shop"],
    networks: { v4: [], v6 },
  });
  const address = { ip_address: six.toUpperCase(), type: "public" };
  expect(machineOf(shape.parse(body([address], ["ipv6"])), "shop")).toMatchObject({ ipv6: true, address6: six });
  expect(machineOf(shape.parse(body([], ["ipv6"])), "shop")).not.toHaveProperty("address6");
  expect(machineOf(shape.parse(body([{ ...address, ip_address: "::1%x\n" }])), "shop")).not.toHaveProperty("ipv6");
  const { context, sent, calls } = await answering((call) => {
    if (call === "POST /v2/droplets") return [202, { droplet: body([]) }];
    if (call.startsWith("POST /v2/droplets/7")) return [201, { action: { id: 1, type: "x", status: "completed" } }];
    if (call.includes("/records"))
      return [call.startsWith("POST") ? 201 : 200, { domain_records: [], domain_record: row }];
    return [200, { actions: [], tag: { name: "t" } }];
  });
  const row = { id: 4, type: "AAAA", name: "six", data: six };
  const asked = want("web", { ipv6: true });
  const machines = machinesOf(context, "shop");
  await machines.create(asked, new Map(), { id: "1", begun: false });
  expect(sent("POST /v2/droplets")).toMatchObject({ ipv6: true });
  await machines.update(machineOf(shape.parse(body([])), "shop"), asked, ["ipv6"], new Map());
  expect(sent("POST /v2/droplets/7/actions")).toEqual({ type: "enable_ipv6" });
  const machine = made("web", 7, { address6: six });
  const wanted = {
    kind: "record",
    name: "example.org six AAAA",
    domain: "example.org",
    host: "six",
    type: "AAAA",
    data: { of: "machine web" },
    ttl: 60,
  } as const;
  const { record: records } = domainsOf(context, "shop");
  const links = (one: Seen) => new Map([[refOf(one), one]]);
  expect(await records.create(wanted, links(machine), { id: "1", begun: false })).toMatchObject({ data: six });
  expect(calls).toContain("POST /v2/domains/example.org/records");
  await expect(records.create(wanted, links(made("web", 7)), { id: "1", begun: false })).rejects.toMatchObject({
    code: "plan.stale",
  });
});
