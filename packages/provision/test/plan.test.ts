import { debian, ubuntu } from "@slipway/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Droplet, droplet as shape } from "../src/client/droplets.ts";
import {
  changesOf,
  droplet,
  type PlanOptions,
  planProvision,
  printPlan,
  type Seen,
  type WantedHost,
  wantedOf,
} from "../src/index.ts";
import { generateSshKey, md5OfKey, rawKey } from "../src/ssh-key.ts";
import { tagsOf } from "../src/tags.ts";

const operator = generateSshKey("operator");
const hostKey = generateSshKey("host");
const options: PlanOptions = { stack: "shop", operatorKey: operator.publicKey };

const want = (host: string, change: Partial<WantedHost> = {}): WantedHost => ({
  host,
  region: "lon1",
  size: "s-1vcpu-1gb",
  image: "debian-12-x64",
  tags: [],
  ...change,
});
const made = (host: string, id: number, change: Partial<Droplet> = {}): Droplet => ({
  ...shape.parse({
    id,
    name: host,
    status: "active",
    created_at: "2026-01-01T00:00:00Z",
    size_slug: "s-1vcpu-1gb",
    region: { slug: "lon1" },
    image: { slug: "debian-12-x64" },
    networks: { v4: [{ ip_address: `192.0.2.${id}`, type: "public" }] },
    tags: [
      ...tagsOf({
        stack: "shop",
        host,
        hostKeySha256: hostKey.sha256,
        hostKey: rawKey(hostKey.publicKey).subarray(-32),
      }),
    ],
  }),
  ...change,
});
const cloud = (droplets: readonly Droplet[]): Seen => ({
  droplets,
  keys: [],
  regions: [
    { slug: "lon1", available: true },
    { slug: "fra1", available: false },
  ],
  sizes: [
    { slug: "s-1vcpu-1gb", memory: 1024, vcpus: 1, disk: 25, price_monthly: 6, regions: ["lon1"], available: true },
  ],
  images: [{ id: 1, slug: "debian-12-x64", tags: [] }],
});

describe("the plan of a stack", () => {
  test("creates what is missing, starts what is off, keeps the rest, and names what nobody asks for", () => {
    const seen = cloud([made("app", 1), made("ci", 2, { status: "off" }), made("old", 3)]);
    const plan = planProvision([want("app"), want("ci"), want("monitor.example.org")], seen, options);
    expect(plan).toMatchObject({
      create: [{ host: "monitor.example.org", dollarsMonthly: 6 }],
      start: [{ host: "ci", id: 2 }],
      keep: [{ host: "app", id: 1 }],
      destroy: [],
      unlisted: [{ host: "old", id: 3 }],
      key: { do: "add" },
      problems: [],
    });
    expect(changesOf(plan)).toBe(3);
    expect(printPlan(plan)).toBe(
      [
        "+ create   monitor.example.org  s-1vcpu-1gb in lon1, debian-12-x64",
        "~ start    ci  (droplet 2 is off)",
        "  keep     app  (droplet 1)",
        "  unlisted old  (droplet 3; no host asks for it)",
        "3 changes, $6 a month more\n",
      ].join("\n"),
    );
    const bold = planProvision([want("app")], seen, { ...options, unlisted: "destroy" });
    expect(bold.destroy.map((one) => one.id)).toEqual([2, 3]);
  });

  test("with nothing to do says so, and does not add a key for its own sake", () => {
    const plan = planProvision([want("app")], cloud([made("app", 1)]), options);
    expect(changesOf(plan)).toBe(0);
    expect(printPlan(plan)).toBe("  keep     app  (droplet 1)\n0 changes\n");
  });

  test("finds the operator's key under any name", () => {
    const key = { id: 5, name: "laptop", fingerprint: md5OfKey(operator.publicKey), public_key: operator.publicKey };
    const plan = planProvision([want("app")], { ...cloud([]), keys: [key] }, options);
    expect(plan.key.do).toBe("keep");
    expect(changesOf(plan)).toBe(1);
  });

  test.each<[string, readonly WantedHost[], readonly Droplet[], RegExp]>([
    [
      "two machines with one host tag",
      [want("app")],
      [made("app", 1), made("app", 2)],
      /2 machines carry the tag of host app \(droplets 1, 2\)/,
    ],
    ["an unknown region", [want("app", { region: "moon1" })], [], /no region moon1; there are lon1, fra1/],
    ["a region that is full", [want("app", { region: "fra1" })], [], /fra1 takes no new machines/],
    ["an unknown size", [want("app", { size: "huge" })], [], /no size huge; there are s-1vcpu-1gb/],
    ["an unknown image", [want("app", { image: "plan9" })], [], /no image plan9/],
    ["a name twice", [want("app"), want("App")], [], /two hosts are named App/],
    ["a bad name", [want("a_b")], [], /"a_b" is no host name/],
    ["a bad tag", [want("app", { tags: ["a.b"] })], [], /"a.b" is no tag/],
    ["a tag of ours", [want("app", { tags: ["slipway:host:x"] })], [], /kept for Slipway/],
    [
      "a machine without a pinned key",
      [want("app")],
      [made("app", 1, { tags: ["slipway:stack:shop", "slipway:host:app"] })],
      /no tag with its host key/,
    ],
  ])("refuses %s", (_title, wanted, droplets, said) => {
    expect(planProvision(wanted, cloud(droplets), options).problems.join("\n")).toMatch(said);
  });

  test("a droplet that names no image gets its host's distribution", () => {
    const shape = { cloud: "local", region: "lon1", size: "s-1vcpu-1gb" } as const;
    const images = wantedOf([
      { name: "a", on: droplet(shape) },
      { name: "b", on: droplet(shape), distro: debian("13") },
      { name: "c", on: droplet(shape), distro: ubuntu("24.04") },
      { name: "d", on: droplet({ ...shape, image: "my-snapshot" }), distro: debian("13") },
    ]).map((host) => host.image);
    expect(images).toEqual(["debian-12-x64", "debian-13-x64", "ubuntu-24-04-x64", "my-snapshot"]);
  });

  test("tells of drift, but leaves it", () => {
    const plan = planProvision([want("app")], cloud([made("app", 1, { size_slug: "s-8vcpu-16gb" })]), options);
    expect(plan.drift).toEqual([expect.stringContaining("app: size is s-8vcpu-16gb, asked for s-1vcpu-1gb")]);
    expect(changesOf(plan)).toBe(0);
  });

  const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9-]{0,6}[a-z0-9]$/), { maxLength: 6 });

  test("every wanted host is in one list, nothing listed is destroyed unasked, and what was made is kept", () => {
    fc.assert(
      fc.property(names, names, fc.boolean(), (wanted, there, bold) => {
        const seen = cloud(there.map((host, at) => made(host, at + 1, at % 3 === 2 ? { status: "off" } : {})));
        const plan = planProvision(
          wanted.map((host) => want(host)),
          seen,
          {
            ...options,
            unlisted: bold ? "destroy" : "keep",
          },
        );
        expect([...plan.create, ...plan.start, ...plan.keep].map((one) => one.host).sort()).toEqual([...wanted].sort());
        const extra = there.filter((host) => !wanted.includes(host)).sort();
        expect((bold ? plan.destroy : plan.unlisted).map((one) => one.host).sort()).toEqual(extra);
        expect(bold ? plan.unlisted : plan.destroy).toEqual([]);

        const after = cloud([
          ...seen.droplets
            .filter((one) => !plan.destroy.some((gone) => gone.id === one.id))
            .map((one) => ({ ...one, status: "active" })),
          ...plan.create.map((one, at) => made(one.host, 100 + at)),
        ]);
        expect(changesOf(planProvision(plan.wanted, after, plan.options))).toBe(0);
      }),
    );
  });

  test("the digest is the same for the same, and differs when the cloud does", () => {
    fc.assert(
      fc.property(names, names, (wanted, there) => {
        const hosts = wanted.map((host) => want(host));
        const seen = cloud(there.map((host, at) => made(host, at + 1)));
        const plan = planProvision(hosts, seen, options);
        expect(planProvision(structuredClone(hosts), structuredClone(seen), { ...options })).toEqual(plan);
        expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
        const more = cloud([...seen.droplets, made("zz-more", 99)]);
        expect(planProvision(hosts, more, options).digest).not.toBe(plan.digest);
      }),
    );
  });
});
