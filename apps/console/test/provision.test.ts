import { SlipwayError } from "@slipway/model";
import type { FirewallRule, ProvisionPlan, Seen, SeenMachine, Step, Wanted } from "@slipway/provision";
import { digestOf, generateSshKey, planProvision } from "@slipway/provision";
import { expect, test } from "vitest";
import { copyOf } from "../src/platform/copy-environment.ts";
import { existingExit, existingLines } from "../src/platform/existing-hosts.ts";
import { applyError, refuseProblems } from "../src/platform/provisioning.ts";
import { ed25519In, whyNotAdopted } from "../src/verbs/provision/adopt.ts";
import { mustAgree } from "../src/verbs/provision/apply.ts";
import { mustAgreeToCopy } from "../src/verbs/provision/copy.ts";
import { doubtsOf, driftOf } from "../src/verbs/provision/drift.ts";
import { formatPlan } from "../src/verbs/provision/plan.ts";

const known = { id: "1", ours: true, dollarsMonthly: 0 };
const web: SeenMachine = {
  ...known,
  kind: "machine",
  name: "web",
  label: "web",
  region: "lon1",
  size: "s-2vcpu-4gb",
  image: "debian-12-x64",
  tags: ["front"],
  protect: true,
  backups: true,
  firewalls: ["front"],
  status: "active",
  address: "192.0.2.1",
  privateAddress: "10.0.0.1",
  hostKeys: ["aa"],
  hostPublicKeys: [],
  fresh: false,
  created: "",
  diskGb: 80,
  retired: false,
  userDataDigest: digestOf("#!/bin/sh\n"),
};
const rules: readonly FirewallRule[] = [{ protocol: "tcp", ports: "443", addresses: ["0.0.0.0/0"], machines: ["web"] }];
const seen: readonly Seen[] = [
  web,
  { ...web, id: "2", name: "gone", retired: true },
  { ...web, id: "3", name: "theirs", ours: false },
  { ...known, kind: "key", name: "operator", publicKey: "ssh-ed25519 OLD" },
  { ...known, kind: "key", name: "bob", publicKey: "ssh-ed25519 BOB" },
  { ...known, kind: "volume", name: "data", region: "lon1", gigabytes: 50, filesystem: "ext4", machine: "web", protect: true, attachedTo: "1" },
  { ...known, kind: "firewall", name: "front", machines: [], inbound: rules, outbound: [] },
  { ...known, kind: "reserved-ip", name: "front", machine: "web", address: "198.51.100.9", region: "lon1", assignedTo: "1" },
  { ...known, kind: "domain", name: "example.org", empty: false },
  { ...known, kind: "record", name: "example.org www A", domain: "example.org", host: "www", type: "A", data: "192.0.2.1", ttl: 60 },
  { ...known, kind: "record", name: "example.org @ A", domain: "example.org", host: "@", type: "A", data: "198.51.100.9", ttl: 60 },
  { ...known, kind: "record", name: "example.org blog CNAME", domain: "example.org", host: "blog", type: "CNAME", data: "www.example.org.", ttl: 60 },
  { ...known, kind: "record", name: "example.org @ MX", domain: "example.org", host: "@", type: "MX", data: "mail.other.net.", ttl: 60, priority: 10 },
  { ...known, kind: "project", name: "shop", purpose: "web", environment: "Production", members: ["machine web", "domain example.org"] },
]; // biome-ignore format: a table
const asked: readonly Wanted[] = [
  { kind: "key", name: "operator", publicKey: "ssh-ed25519 MINE" },
  { ...web, size: "s-1vcpu-1gb", userData: "#!/bin/sh\n" },
];

test("a copy asks for what is really there, without marks, protection, data and records", () => {
  const { wanted, left } = copyOf(seen, { to: "staging", wanted: asked, domains: new Map() });
  expect(wanted).toEqual([
    { kind: "key", name: "operator", publicKey: "ssh-ed25519 MINE" },
    {
      kind: "machine", name: "web", region: "lon1", size: "s-2vcpu-4gb", image: "debian-12-x64", tags: ["front"],
      protect: false, backups: true, firewalls: ["front"], userData: "#!/bin/sh\n",
    },
    { kind: "key", name: "bob", publicKey: "ssh-ed25519 BOB" },
    { kind: "volume", name: "data", region: "lon1", gigabytes: 50, filesystem: "ext4", machine: "web", protect: false },
    { kind: "firewall", name: "front", machines: ["web"], inbound: rules, outbound: [] },
    { kind: "reserved-ip", name: "front", machine: "web" },
    { kind: "project", name: "shop-staging", purpose: "web", environment: "Production", members: ["machine web"] },
  ]); // biome-ignore format: a table
  expect(left).toEqual([
    "machine web: its protection",
    "volume data: what is on it",
    "domain example.org and its records: --domain example.org=NEW copies them",
  ]);
});

test("a mapped domain brings its records, which lead to the copy's own machines and names", () => {
  const domains = new Map([["example.org", "staging.example.org"]]);
  const { wanted, left } = copyOf(seen, { to: "staging", wanted: asked, domains });
  const records = wanted.flatMap((one) => (one.kind === "record" ? [[one.name, one.domain, one.data]] : []));
  expect(records).toEqual([
    ["staging.example.org www A", "staging.example.org", { of: "machine web" }],
    ["staging.example.org @ A", "staging.example.org", { of: "reserved-ip front" }],
    ["staging.example.org blog CNAME", "staging.example.org", "www.staging.example.org."],
    ["staging.example.org @ MX", "staging.example.org", "mail.other.net."],
  ]);
  expect(wanted).toContainEqual({ kind: "domain", name: "staging.example.org" });
  expect(wanted.find((one) => one.kind === "project")).toMatchObject({
    members: ["machine web", "domain staging.example.org"],
  });
  expect(left.join()).not.toContain("example.org");
});

test("user data that only the cloud knows of is named", () => {
  const without = copyOf([web], { to: "staging", wanted: [], domains: new Map() });
  expect(without.left).toContain("machine web: its user data, which no cloud tells");
  expect(without.wanted[0]).not.toHaveProperty("userData");
  const other = copyOf([web], { to: "staging", wanted: [{ ...web, userData: "#!/bin/true\n" }], domains: new Map() });
  expect(other.left).toContain("machine web: its user data; that of ops.config.ts, which is another, is taken");
});

const step = (more: Partial<Step>): Step => ({
  id: "x", do: "keep", ref: "machine web", fields: [], after: [], monthly: 0, change: 0, ...more,
}); // biome-ignore format: a table

test("somebody must agree to what is lost, and to what costs where it costs", () => {
  const plan = (what: Step["do"], change = 0) => ({ steps: [step({ do: what, change })] });
  for (const what of ["delete", "replace"] as const) expect(mustAgree(plan(what), "local")).toBe(true);
  expect(mustAgree(plan("create", 6), "digitalocean")).toBe(true);
  expect(mustAgree(plan("create", 6), "local")).toBe(false);
  expect(mustAgree(plan("update", -3), "digitalocean")).toBe(false);
  const both = { steps: [step({ do: "update", change: -30 }), step({ do: "create", change: 6 })] };
  expect(mustAgree(both, "digitalocean")).toBe(true);
});

test("somebody must agree to a copy onto what is there, whatever it costs", () => {
  const agreed = (what: Step["do"]) => mustAgreeToCopy({ steps: [step({ do: what, change: -3 })] }, "local");
  for (const what of ["update", "start", "replace", "delete"] as const) expect(agreed(what), what).toBe(true);
  for (const what of ["create", "keep"] as const) expect(agreed(what), what).toBe(false);
});

test("a plan is refused as protected where nothing else stands in its way", () => {
  const size = {
    slug: web.size,
    memoryMb: 4096,
    vcpus: 2,
    diskGb: 80,
    monthly: 24,
    regions: ["lon1"],
    available: true,
  };
  const images = ["debian-12-x64", "debian-13-x64"].map((slug, id) => ({ slug, id: String(id), minDiskGb: 7 }));
  const catalog = {
    currency: "$",
    regions: [{ slug: "lon1", available: true }],
    sizes: [size],
    images,
    volumeMonthlyPerGb: 0,
    backupsPart: 0,
  } as const;
  const traits = { name: "digitalocean", kinds: ["machine"], how: { machine: { image: "replace" } } } as const;
  const safe = { ...web, hostPublicKeys: [], firewalls: [] };
  const { userDataDigest: _, ...other } = { ...safe, image: "debian-13-x64" };
  const refusal = (wanted: readonly Wanted[], more: object): string | undefined => {
    const plan = planProvision(wanted, { traits, catalog, seen: [safe], room: {} }, { stack: "shop", ...more });
    try {
      refuseProblems(plan);
    } catch (error) {
      return (error as { code: string }).code;
    }
    return undefined;
  };
  expect(refusal([], {})).toBeUndefined();
  expect(refusal([], { unlisted: "delete" })).toBe("ops.protected");
  expect(refusal([other], { replace: ["machine web"] })).toBe("ops.protected");
  expect(refusal([other], {})).toBe("ops.plan-problems");
  expect(refusal([{ ...other, name: "a_b" }], { unlisted: "delete" })).toBe("ops.plan-problems");
});

test("who made the same as another operator at the same time is told that, and not of half-done work", () => {
  const plan = { steps: [step({ do: "create" }), step({ do: "create", ref: "volume data" }), step({ ref: "key x" })] };
  const error = (code: string) => new SlipwayError({ code, message: code, hint: "" });
  const stale = { ref: "machine web", error: error("plan.stale") } as const;
  const waited = { ref: "volume data", error: error("plan.dependency") } as const;
  const broken = { ref: "volume data", error: error("cloud.failed") } as const;
  expect(applyError(plan, [])).toBeUndefined();
  expect(applyError(plan, [waited, stale])).toBe(stale.error);
  expect(applyError(plan, [stale])).toBe(stale.error);
  expect(applyError(plan, [broken, stale])).toBe(broken.error);
  expect(applyError(plan, [broken])).toMatchObject({ code: "ops.partly-failed", exitCode: 3, cause: broken.error });
});

test("drift tells what is missing, off, changed there, asked for since, and asked for by nobody", () => {
  const field = { field: "size", from: "big", to: "small", how: "while off" } as const;
  const steps = [
    step({ do: "create", ref: "machine new" }),
    step({ do: "start", ref: "machine off" }),
    step({ do: "update", fields: [{ ...field, by: "cloud" }] }),
    step({ do: "replace", ref: "machine old", fields: [{ ...field, by: "file" }] }),
    step({}),
  ];
  expect(driftOf({ steps, unlisted: [{ ref: "volume x", cloudId: "1", monthly: 5 }] })).toEqual([
    { ref: "machine new", what: "missing" },
    { ref: "machine off", what: "off" },
    { ref: "machine web", what: "changed", field: "size", is: "big", wanted: "small" },
    { ref: "machine old", what: "asked", field: "size", is: "big", wanted: "small" },
    { ref: "volume x", what: "unlisted" },
  ]);
});

test("what a plan has no step for is told with the drift; what is protected is no doubt", () => {
  const twins = "2 machines carry the tag of host web (1, 2); destroy all but one";
  const kept = "machine db is protected and would be replaced; unprotect it first";
  expect(doubtsOf({ problems: [twins, kept] })).toEqual([twins]);
});

test("a host key is found in a key file, in known_hosts and in what ssh-keyscan says, and nothing else is one", () => {
  const key = generateSshKey("root@db").publicKey;
  const bare = key.split(" ").slice(0, 2).join(" ");
  for (const text of [key, bare, `${key}\n`, `# db:22 SSH-2.0\n192.0.2.1 ${bare}\n`, `db,192.0.2.1 ${key}`])
    expect(ed25519In(text)).toBe(bare);
  for (const text of ["", "ssh-rsa AAAAB3NzaC1yc2E=", bare.slice(0, -1), `x${bare}`, bare.replace("AAAAC3", "AAAAB3")])
    expect(ed25519In(text)).toBeUndefined();
});

test("a machine is not adopted that a host has already, nor for a host that has another one", () => {
  const theirs = { ...web, id: "9", ours: false };
  expect(whyNotAdopted([theirs], { ref: "machine web", id: "9" })).toBeUndefined();
  expect(whyNotAdopted([{ ...web, name: "db" }, theirs], { ref: "machine web", id: "9" })).toBeUndefined();
  expect(whyNotAdopted([web, theirs], { ref: "machine web", id: "9" })).toBe("web has a machine already: 1");
  expect(whyNotAdopted([web], { ref: "machine db", id: "1" })).toBe("machine 1 is the machine of web already");
  expect(whyNotAdopted([web], { ref: "machine web", id: "1" })).toBe("machine 1 is the machine of web already");
});

test("machines that nobody makes stand in the plan before its sum", () => {
  const good = { host: "old", address: "192.0.2.9", ok: true };
  const bad = { host: "evil", address: "192.0.2.8", ok: false, why: "shows another key", code: "connection.host-key" };
  const plan: ProvisionPlan = {
    stack: "shop", currency: "$", steps: [step({ cloudId: "1" })], unlisted: [], drift: [], problems: [],
    monthly: 6, change: 0, wanted: [], options: { stack: "shop" }, digest: "",
  }; // biome-ignore format: a table
  const lines = formatPlan(plan, [good, bad]).split("\n");
  expect(lines.slice(1)).toEqual([...existingLines([good, bad]), "0 changes; $6 a month in all"]);
  expect(lines[1]).toBe("  keep     host old  (192.0.2.9; not made here, answers with its pinned key)");
  expect([
    existingExit([good]),
    existingExit([good, bad]),
    existingExit([{ ...bad, code: "connection.refused" }]),
  ]).toEqual([0, 5, 1]);
  expect(formatPlan(undefined, [])).toBe("nothing of this platform is made in a cloud");
});
