import { createHash } from "node:crypto";
import { debian, ubuntu } from "@slipway/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deadlineOf } from "../src/apply.ts";
import {
  changesOf,
  droplet,
  type Observed,
  type PlanOptions,
  type ProvisionPlan,
  planProvision,
  printPlan,
  readSavedPlan,
  type Seen,
  savedPlan,
  type Wanted,
  wantedOf,
} from "../src/index.ts";
import { generateSshKey } from "../src/ssh-key.ts";
import { cloud, made, want } from "./support/resources.ts";

const operator = generateSshKey("operator");
const options: PlanOptions = { stack: "shop" };
const key: Wanted = { kind: "key", name: "operator", publicKey: operator.publicKey };
const account = (name: string, ours: boolean): Seen => ({
  ...key,
  kind: "key",
  name,
  publicKey: operator.publicKey,
  id: "5",
  ours,
  dollarsMonthly: 0,
});

const ids = (plan: ProvisionPlan): readonly string[] => plan.steps.map((step) => step.id);
const plan = (wanted: readonly Wanted[], seen: Observed, more: Partial<PlanOptions> = {}): ProvisionPlan =>
  planProvision(wanted, seen, { ...options, ...more });

describe("the plan of a stack", () => {
  test("creates what is missing, starts what is off, keeps the rest, and names what nobody asks for", () => {
    const seen = cloud([made("app", 1), made("ci", 2, { status: "off" }), made("old", 3)]);
    const first = plan([key, want("app"), want("ci"), want("monitor.example.org")], seen);
    expect(ids(first)).toEqual([
      "create key operator",
      "keep machine app",
      "start machine ci",
      "create machine monitor.example.org",
    ]);
    expect(first.steps[3]).toMatchObject({ after: ["create key operator"], monthly: 6, change: 6 });
    expect(first.unlisted).toEqual([{ ref: "machine old", cloudId: "3", monthly: 6 }]);
    expect(first.problems).toEqual([]);
    expect(changesOf(first)).toBe(3);
    expect(printPlan(first)).toBe(
      [
        "+ create   key operator",
        "+ create   machine monitor.example.org  (s-1vcpu-1gb in lon1, debian-12-x64; +$6 a month)",
        "~ start    machine ci  (2; it is off)",
        "  keep     machine app  (1)",
        "  unlisted machine old  (3; nothing asks for it, $6 a month)",
        "3 changes, $6 a month more; $24 a month in all\n",
      ].join("\n"),
    );
    const bold = plan([want("app")], seen, { unlisted: "delete" });
    expect(ids(bold)).toEqual(["keep machine app", "delete machine ci 2", "delete machine old 3"]);
    expect(bold).toMatchObject({ change: -12, monthly: 6, unlisted: [] });
  });

  test("tells what is saved by destroying all, without a list of prices", () => {
    const seen = cloud([made("app", 1, { dollarsMonthly: 6 })]);
    const all = plan([], { ...seen, catalog: { ...seen.catalog, sizes: [] } }, { unlisted: "delete" });
    expect(all).toMatchObject({ change: -6, monthly: 0 });
  });

  test("with nothing to do says so, and does not add a key for its own sake", () => {
    const nothing = plan([key, want("app")], cloud([made("app", 1)]));
    expect(changesOf(nothing)).toBe(0);
    expect(printPlan(nothing)).toBe("  keep     machine app  (1)\n0 changes; $6 a month in all\n");
  });

  test("finds the operator's key under any name", () => {
    const found = plan([key, want("app")], cloud([account("laptop", false)]));
    expect(ids(found)).toEqual(["keep key operator", "create machine app"]);
  });

  test("a key with new content takes the place of the old one, after it", () => {
    const old = { ...account("ada", true), publicKey: generateSshKey("old").publicKey, id: "4" } as Seen;
    const changed = plan([{ ...key, name: "ada" }, want("app")], cloud([old]));
    expect(ids(changed)).toEqual(["create key ada", "delete key ada 4", "create machine app"]);
    expect(changed.steps[1]?.after).toEqual(["create key ada"]);
  });

  test("two operators' keys stand side by side, until the stack is destroyed", () => {
    const first = { ...account("operator", true), publicKey: generateSshKey("first").publicKey, id: "4" } as Seen;
    for (const unlisted of ["keep", "delete"] as const) {
      const second = plan([key, want("app")], cloud([first]), { unlisted });
      expect(ids(second)).toEqual(["create key operator", "create machine app"]);
      expect(second.unlisted).toEqual([]);
    }
    const both = cloud([first, account("operator", true)]);
    expect(ids(plan([key, want("app")], both))).toEqual(["keep key operator", "create machine app"]);
    const all = ["delete key operator 4", "delete key operator 5"];
    expect(ids(plan([], both, { unlisted: "delete" }))).toEqual(all);
  });

  test.each<[string, readonly Wanted[], readonly Seen[], RegExp]>([
    [
      "two machines with one host tag",
      [want("app")],
      [made("app", 1), made("app", 2)],
      /2 machines carry the tag of host app \(1, 2\)/,
    ],
    ["an unknown region", [want("app", { region: "moon1" })], [], /no region moon1; there are lon1, ams3, fra1/],
    ["a region that is full", [want("app", { region: "fra1" })], [], /fra1 takes no new machines/],
    ["an unknown size", [want("app", { size: "huge" })], [], /no size huge; there are s-1vcpu-1gb/],
    ["a size that the region lacks", [want("app", { size: "s-1vcpu-512mb-10gb" })], [], /not offered in lon1/],
    ["an unknown image", [want("app", { image: "plan9" })], [], /no image plan9; there are debian-12-x64/],
    ["an image larger than the disk", [want("app", { image: "77" })], [], /needs a disk of 60 GB/],
    ["a name twice", [want("app"), want("App")], [], /two hosts are named App/],
    ["a bad name", [want("a_b")], [], /"a_b" is no host name/],
    ["a bad tag", [want("app", { tags: ["a.b"] })], [], /"a.b" is no tag/],
    ["a tag of ours", [want("app", { tags: ["slipway:host:x"] })], [], /kept for Slipway/],
    ["a machine without a pinned key", [want("app")], [made("app", 1, { hostKeys: [] })], /no tag with its host key/],
    ["a disk that would shrink", [want("app")], [made("app", 1, { size: "s-2vcpu-4gb", diskGb: 80 })], /cannot shrink/],
    [
      "another image, when nobody allowed another machine",
      [want("app", { image: "debian-13-x64" })],
      [made("app", 1)],
      /machine app: image is debian-12-x64, asked for debian-13-x64; that takes another one/,
    ],
    [
      "user data that is too large",
      [want("app", { userData: `#!/bin/sh\n${"x".repeat(65_000)}` })],
      [],
      /larger than 64 KiB/,
    ],
    ["user data that is no YAML", [want("app", { userData: "#cloud-config\na: [" })], [], /is no YAML/],
  ])("refuses %s", (_title, wanted, seen, said) => {
    expect(plan(wanted, cloud(seen)).problems.join("\n")).toMatch(said);
  });

  test("tells where user data is no YAML, and nothing of what is in it", () => {
    const userData = "#cloud-config\nhidden: word: more\n";
    const [problem] = plan([want("app", { userData })], cloud([])).problems;
    expect(problem).toMatch(/^host app: the user data is no YAML: .* at line 2, column \d+$/);
    expect(problem).not.toMatch(/hidden|word/);
  });

  test("refuses more machines than the account may have, and to destroy or replace what is protected", () => {
    expect(plan([want("a"), want("b")], cloud([made("a", 1)], 1)).problems.join()).toMatch(/may have 1 machines/);
    const safe = cloud([made("app", 1, { protect: true })]);
    expect(plan([], safe).problems).toEqual([]);
    expect(plan([], safe, { unlisted: "delete" }).problems.join()).toMatch(
      /machine app is protected and would be dest/,
    );
    const going = cloud([made("app", 1, { protect: true, retired: true }), made("app", 2)]);
    expect(plan([want("app")], going).problems.join()).toMatch(/machine app is protected and would be destroyed/);
    const other = [want("app", { image: "debian-13-x64" })];
    expect(plan(other, safe, { replace: ["machine app"] }).problems.join()).toMatch(/protected and would be replaced/);
  });

  test("protection stays when the file no longer asks for it, until it is taken off by name", () => {
    const safe = cloud([made("app", 1, { protect: true })]);
    expect(changesOf(plan([want("app")], safe))).toBe(0);
    const off = plan([want("app")], safe, { unprotect: ["machine app"] });
    expect(off.steps[0]).toMatchObject({ do: "update", fields: [{ field: "protect", from: "on", to: "off" }] });
    const still = plan([want("app", { protect: true })], safe, { unprotect: ["machine app"] });
    expect(still.problems.join()).toMatch(/the file protects it/);
    const on = plan([want("app", { protect: true })], cloud([made("app", 1)]));
    expect(on.steps[0]?.fields).toMatchObject([{ field: "protect", to: "on" }]);
  });

  test("may take an hour more to apply when a machine gets another size", () => {
    expect(deadlineOf(plan([want("app")], cloud([])))).toBe(600_000);
    expect(deadlineOf(plan([want("app", { size: "s-2vcpu-4gb" })], cloud([made("app", 1)])))).toBe(4_200_000);
  });

  test("changes in place what can be, and tells a changed file from a changed cloud", () => {
    const seen = cloud([made("app", 1)]);
    const larger = plan([want("app", { size: "s-2vcpu-4gb", tags: ["blue"] })], seen);
    expect(larger.steps[0]).toMatchObject({ do: "update", change: 18 });
    expect(larger.steps[0]?.fields).toEqual([
      { field: "size", from: "s-1vcpu-1gb", to: "s-2vcpu-4gb", how: "while off", by: "file" },
      { field: "tags", from: "", to: "blue", how: "in place", by: "file" },
    ]);
    expect(larger.drift).toEqual([]);
    const meddled = plan([want("app")], cloud([made("app", 1, { tags: ["red"] })]));
    expect(meddled.steps[0]?.fields).toMatchObject([{ field: "tags", from: "red", to: "", by: "cloud" }]);
    expect(meddled.drift).toEqual(["machine app: somebody changed tags to red, it was nothing"]);
  });

  test("a machine that is replaced stands until the new one is ready, and goes first where there is no room", () => {
    const other = [want("app", { image: "debian-13-x64" })];
    const allowed = plan(other, cloud([made("app", 1)]), { replace: ["machine app"] });
    expect(allowed.problems).toEqual([]);
    expect(allowed.steps.map(({ id, after }) => [id, after])).toEqual([
      ["replace machine app", []],
      ["delete machine app 1", ["ready machine app"]],
    ]);
    expect(allowed).toMatchObject({ change: 0, monthly: 6 });
    expect(allowed.steps[0]?.reason).toBe("image debian-12-x64 → debian-13-x64");
    const tight = plan(other, cloud([made("app", 1)], 1), { replace: ["machine app"] });
    expect(tight.steps.map(({ id, after }) => [id, after])).toEqual([
      ["replace machine app", ["delete machine app 1"]],
      ["delete machine app 1", []],
    ]);
    const halfway = plan(
      other,
      cloud([made("app", 1, { retired: true }), made("app", 2, {}, want("app", { image: "debian-13-x64" }))]),
    );
    expect(halfway.steps.map(({ id }) => id)).toEqual(["keep machine app", "delete machine app 1"]);
  });

  test("user data of a machine that is there is only told of, and renewed by replacing it", () => {
    const wanted = want("app", { userData: "#!/bin/sh\ntrue\n" });
    const told = plan([wanted], cloud([made("app", 1)]));
    expect(told.drift).toEqual([expect.stringContaining("its user data was another")]);
    expect(changesOf(told)).toBe(0);
    expect(ids(plan([wanted], cloud([made("app", 1)]), { replace: ["machine app"] }))).toContain("replace machine app");
    expect(plan([wanted], cloud([made("app", 1, {}, wanted)])).drift).toEqual([]);
  });

  test("adopts a machine whose host key is told", () => {
    const theirs = cloud([made("app", 9, { ours: false, hostKeys: [] })]);
    expect(ids(plan([want("app")], theirs))).toEqual(["create machine app"]);
    const adopt = [{ ref: "machine app", id: "9" }] as const;
    expect(plan([want("app")], theirs, { adopt }).problems.join()).toMatch(/say its host key/);
    const known = plan([want("app")], theirs, { adopt: [{ ...adopt[0], hostKey: operator.publicKey }] });
    expect(known.problems).toEqual([]);
    expect(ids(known)).toEqual(["adopt machine app"]);
  });

  test("a droplet that names no image gets its host's distribution", () => {
    const shape = { cloud: "local", region: "lon1", size: "s-1vcpu-1gb" } as const;
    const images = wantedOf(
      [
        { name: "a", on: droplet(shape) },
        { name: "b", on: droplet(shape), distro: debian("13") },
        { name: "c", on: droplet(shape), distro: ubuntu("24.04") },
        { name: "d", on: droplet({ ...shape, image: "my-snapshot" }), distro: debian("13") },
      ],
      [],
      operator.publicKey,
    ).flatMap((one) => (one.kind === "machine" ? [one.image] : []));
    expect(images).toEqual(["debian-12-x64", "debian-13-x64", "ubuntu-24-04-x64", "my-snapshot"]);
    expect(() => droplet({ ...shape, userData: "echo" })).toThrow(/begins with/);
  });

  test("a saved plan is read as it was written, and refused when it is anything else", () => {
    const first = plan([key, want("app")], cloud([]));
    const text = savedPlan(first);
    expect(readSavedPlan(text)).toEqual(first);
    expect(() => readSavedPlan(text.replace("lon1", "ams3"))).toThrow(/damaged/);
    expect(() => readSavedPlan(text.slice(0, -20))).toThrow(/cut off/);
    expect(() => readSavedPlan(text.replace('"version": 1', '"version": 9'))).toThrow(/format 9/);
    expect(() => readSavedPlan("[]")).toThrow(/no saved plan/);
  });

  test("a saved plan that was altered, its sum made to fit, is refused", () => {
    const first = plan(
      [
        key,
        want("app", { userData: "#!/bin/sh\n" }),
        { kind: "volume", name: "data", region: "lon1", gigabytes: 10, machine: "app", protect: true },
        { kind: "reserved-ip", name: "front", machine: "app" },
        {
          kind: "firewall",
          name: "edge",
          machines: [],
          inbound: [{ protocol: "tcp", ports: "22", addresses: ["0.0.0.0/0"], machines: [] }],
          outbound: [],
        },
        { kind: "domain", name: "example.org" },
        {
          kind: "record",
          name: "example.org www A",
          domain: "example.org",
          host: "www",
          type: "A",
          ttl: 60,
          data: { of: "machine app" },
        },
        { kind: "project", name: "all", purpose: "x", environment: "Staging", members: ["machine app"] },
      ],
      cloud([made("old", 3)]),
    );
    expect(readSavedPlan(savedPlan(first))).toEqual(first);
    const bad = (value: unknown): unknown => {
      try {
        return readSavedPlan(savedPlan(value as ProvisionPlan));
      } catch (error) {
        return error;
      }
    };
    const altered = { ...first, steps: first.steps.map((step) => ({ ...step, do: "delete", cloudId: "9" })) };
    const again = (content: object): object => ({
      ...content,
      digest: createHash("sha256").update(JSON.stringify(content)).digest("hex"),
    });
    const { digest: _, ...content } = first;
    expect(readSavedPlan(savedPlan(again(content) as ProvisionPlan))).toEqual(first);
    for (const value of [
      altered,
      null,
      [],
      "plan",
      {},
      again({ ...content, steps: [null] }),
      again({ ...content, wanted: [{ kind: "machine", name: "app" }] }),
      again({ ...content, wanted: [{ kind: "toString", name: "app" }] }),
      again({ ...content, options: null }),
      again({ ...content, problems: {} }),
    ])
      expect(bad(value)).toMatchObject({ code: "plan.unreadable", exitCode: 2 });
  });

  test("the digest is the same for the same, and differs when the cloud does", () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9-]{0,6}[a-z0-9]$/), { maxLength: 6 });
    fc.assert(
      fc.property(names, names, (wanted, there) => {
        const hosts = wanted.map((host) => want(host));
        const seen = cloud(there.map((host, at) => made(host, at + 1)));
        const first = plan(hosts, seen);
        expect(plan(structuredClone(hosts), structuredClone(seen))).toEqual(first);
        expect(JSON.parse(JSON.stringify(first))).toEqual(first);
        expect(plan(hosts, cloud([...seen.seen, made("zz-more", 99)])).digest).not.toBe(first.digest);
      }),
    );
  });
});
