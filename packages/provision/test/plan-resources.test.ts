import { describe, expect, test } from "vitest";
import {
  changesOf,
  type PlanOptions,
  type ProvisionPlan,
  planProvision,
  printPlan,
  type Seen,
  type Wanted,
  type WantedFirewall,
  type WantedRecord,
  type WantedVolume,
} from "../src/index.ts";
import { cloud, made, want } from "./support/resources.ts";

const plan = (wanted: readonly Wanted[], seen: readonly Seen[], more: Partial<PlanOptions> = {}): ProvisionPlan =>
  planProvision(wanted, cloud(seen), { stack: "shop", ...more });
const ids = ({ steps }: ProvisionPlan): readonly string[] => steps.map((step) => step.id);
const after = ({ steps }: ProvisionPlan, id: string): readonly string[] | undefined =>
  steps.find((step) => step.id === id)?.after;
const known = { ours: true, dollarsMonthly: 0 } as const;

describe("a volume", () => {
  const data: WantedVolume = {
    kind: "volume",
    name: "data",
    region: "lon1",
    gigabytes: 50,
    machine: "web",
    protect: false,
  };
  const there = (change: Partial<Seen<"volume">> = {}): Seen<"volume"> => ({
    ...data,
    ...known,
    id: "v1",
    attachedTo: "1",
    ...change,
  });

  test("has a name that fits beside the stack's", () => {
    const { machine: _machine, ...loose } = data;
    const named = (stack: string, length: number) =>
      planProvision([{ ...loose, name: "v".repeat(length) }], cloud([]), { stack }).problems;
    expect(named("s".repeat(30), 33)).toEqual([]);
    expect(named("s".repeat(30), 34).join()).toMatch(/longer than 64 characters/);
    expect(named(`1${"s".repeat(29)}`, 33).join()).toMatch(/longer than 64 characters/);
  });

  test("is made after its machine, costs by its size, and is kept", () => {
    const first = plan([want("web"), data], []);
    expect(first.steps.at(-1)).toMatchObject({ id: "create volume data", after: ["create machine web"], change: 5 });
    expect(changesOf(plan([want("web"), data], [made("web", 1), there()]))).toBe(0);
  });

  test("grows, moves and is detached in place; two on one machine take turns", () => {
    const more = plan([want("web"), { ...data, gigabytes: 80 }], [made("web", 1), there({ attachedTo: "" })]);
    expect(more.steps[1]?.fields).toEqual([
      { field: "gigabytes", from: "50", to: "80", how: "in place", by: "file" },
      { field: "machine", from: "none", to: "web", how: "in place", by: "file" },
    ]);
    expect(more.change).toBe(3);
    const { machine: _none, ...free } = data;
    expect(plan([want("web"), free], [made("web", 1), there()]).steps[1]?.fields).toMatchObject([
      { field: "machine", from: "web", to: "none" },
    ]);
    const two = plan([want("web"), data, { ...data, name: "logs" }], []);
    expect(after(two, "create volume logs")).toEqual(["create machine web", "create volume data"]);
  });

  test("follows its machine to the one that takes its place, before the old one goes", () => {
    const moved = plan([want("web", { image: "debian-13-x64" }), data], [made("web", 1), there()], {
      replace: ["machine web"],
    });
    expect(moved.steps.find((step) => step.ref === "volume data")).toMatchObject({
      do: "update",
      fields: [{ field: "machine", from: "web (1)", to: "web (new)" }],
      after: ["replace machine web"],
    });
    expect(after(moved, "delete machine web 1")).toEqual(["ready machine web", "update volume data"]);
  });

  test.each<[string, readonly Wanted[], readonly Seen[], RegExp]>([
    ["shrinking", [want("web"), { ...data, gigabytes: 10 }], [made("web", 1), there()], /50 GB.*cannot shrink/],
    [
      "another region than its machine's",
      [want("web"), { ...data, region: "ams3" }],
      [],
      /in ams3 but its machine web in lon1/,
    ],
    [
      "moving to another region",
      [{ ...data, region: "ams3", machine: "eu" }, want("eu", { region: "ams3" })],
      [there()],
      /takes another one in its place/,
    ],
    ["a machine that is not there", [data], [], /there is no machine web in this stack/],
    ["a size that is none", [want("web"), { ...data, gigabytes: 0.5 }], [], /0.5 GB is no size/],
    [
      "a name that is taken",
      [want("web"), data],
      [there({ ours: false })],
      /name is taken by one that is not of this stack \(v1\)/,
    ],
    ["one more of the same name", [want("web"), data], [there(), there({ id: "v2" })], /2 volumes are marked as data/],
    ["a bad name", [{ ...data, name: "Data_1", machine: "web" }, want("web")], [], /no name for a volume/],
  ])("refuses %s", (_title, wanted, seen, said) => {
    expect(plan(wanted, seen).problems.join("\n")).toMatch(said);
  });

  test("that is protected is not deleted", () => {
    expect(plan([], [there({ protect: true })], { unlisted: "delete" }).problems.join()).toMatch(
      /volume data is protected/,
    );
  });
});

describe("a firewall", () => {
  const rule = { protocol: "tcp", ports: "443", addresses: ["0.0.0.0/0", "::/0"], machines: [] } as const;
  const edge: WantedFirewall = { kind: "firewall", name: "edge", machines: ["web"], inbound: [rule], outbound: [] };
  const there: Seen<"firewall"> = { ...edge, ...known, id: "f1", machines: [] };

  test("is there before the machines that it protects, and stands whatever the order of its rules", () => {
    expect(after(plan([want("web", { firewalls: ["edge"] }), edge], []), "create machine web")).toEqual([
      "create firewall edge",
    ]);
    const turned = { ...there, inbound: [{ ...rule, addresses: ["::/0", "0.0.0.0/0"] }] };
    expect(changesOf(plan([want("web"), edge], [made("web", 1), turned]))).toBe(0);
  });

  test("changes its rules in place, and machines come behind it once it is there", () => {
    const opened = plan([want("web"), { ...edge, inbound: [] }], [made("web", 1), there]);
    expect(opened.steps[1]?.fields).toMatchObject([{ field: "inbound", from: "tcp 443: 0.0.0.0/0 ::/0", to: "" }]);
    const behind = plan([want("web", { firewalls: ["edge"] }), edge], [made("web", 1)]);
    expect(behind.steps.find((step) => step.ref === "machine web")).toMatchObject({
      do: "update",
      fields: [{ field: "firewalls", to: "edge" }],
      after: ["create firewall edge"],
    });
    expect(plan([edge], []).problems.join()).toMatch(/no machine web/);
  });

  test("goes after its machines", () => {
    const gone = plan([], [made("web", 1), there], { unlisted: "delete" });
    expect(after(gone, "delete firewall edge f1")).toEqual(["delete machine web 1"]);
  });
});

describe("a domain and its records", () => {
  const zone: Wanted = { kind: "domain", name: "example.org" };
  const seenZone = (change: Partial<Seen<"domain">> = {}): Seen<"domain"> => ({
    kind: "domain",
    name: "example.org",
    id: "example.org",
    empty: false,
    ...known,
    ...change,
  });
  const www: WantedRecord = {
    kind: "record",
    name: "example.org www A",
    domain: "example.org",
    host: "www",
    type: "A",
    data: { of: "machine web" },
    ttl: 60,
  };
  const there = (data: string, change: Partial<Seen<"record">> = {}): Seen<"record"> => ({
    ...www,
    ...known,
    id: "r1",
    name: `example.org www A ${data}`,
    data,
    ...change,
  });

  test("wait for what they lead to", () => {
    const first = plan([want("web"), zone, www], []);
    expect(after(first, "create record example.org www a")).toEqual(["create domain example.org", "ready machine web"]);
    const front: Wanted = { kind: "reserved-ip", name: "front", machine: "web" };
    const via = plan(
      [want("web"), front, zone, { ...www, data: { of: "reserved-ip front" } }],
      [made("web", 1), seenZone()],
    );
    expect(after(via, "create record example.org www a")).toEqual(["create reserved-ip front"]);
    expect(printPlan(first)).toContain("+ create   record example.org www a  (address of machine web)");
  });

  test("are kept, changed in place, and follow a machine", () => {
    const all = [want("web"), zone, www];
    expect(changesOf(plan(all, [made("web", 1), seenZone(), there("192.0.2.1")]))).toBe(0);
    const moved = plan(all, [made("web", 1), seenZone(), there("192.0.2.9", { ttl: 30 })]);
    expect(moved.steps[2]?.fields).toMatchObject([
      { field: "data", from: "192.0.2.9", to: "192.0.2.1" },
      { field: "ttl", from: "30", to: "60" },
    ]);
    const other = plan(
      [want("web", { image: "debian-13-x64" }), zone, www],
      [made("web", 1), seenZone(), there("192.0.2.1")],
      {
        replace: ["machine web"],
      },
    );
    expect(other.steps.find((step) => step.ref.startsWith("record"))).toMatchObject({
      fields: [{ field: "data", from: "192.0.2.1", to: "address of machine web" }],
      after: ["ready machine web"],
    });
  });

  test("of one name are told apart by what they say", () => {
    const both = [
      { ...www, name: "example.org www A 192.0.2.1", data: "192.0.2.1" },
      { ...www, name: "example.org www A 192.0.2.2", data: "192.0.2.2" },
    ];
    const half = plan([zone, ...both], [seenZone(), there("192.0.2.2")]);
    expect(ids(half)).toEqual([
      "keep domain example.org",
      "create record example.org www a 192.0.2.1",
      "keep record example.org www a 192.0.2.2",
    ]);
  });

  test("leave those of others alone: an address is a problem, a text is not", () => {
    const theirs = plan([want("web"), zone, www], [made("web", 1), seenZone(), there("192.0.2.9", { ours: false })]);
    expect(theirs.problems.join()).toMatch(
      /there is A 192.0.2.9 that is not of this stack; adopt it \(r1\) or remove it/,
    );
    const adopted = plan([want("web"), zone, www], [made("web", 1), seenZone(), there("192.0.2.9", { ours: false })], {
      adopt: [{ ref: "record example.org www a", id: "r1" }],
    });
    expect(adopted.problems).toEqual([]);
    expect(ids(adopted)).toContain("adopt record example.org www a");
    const text: WantedRecord = { ...www, name: "example.org www TXT", type: "TXT", data: "mine" };
    const beside = plan([zone, text], [seenZone(), there("theirs", { ours: false, type: "TXT" })]);
    expect(beside.problems).toEqual([]);
    expect(ids(beside)).toContain("create record example.org www txt");
  });

  test("an alias stands alone: ours of another type makes room, first", () => {
    const alias: WantedRecord = { ...www, name: "example.org www CNAME", type: "CNAME", data: "example.org." };
    const changed = plan([zone, alias], [seenZone(), there("192.0.2.1")]);
    expect(after(changed, "create record example.org www cname")).toEqual([
      "delete record example.org www a 192.0.2.1 r1",
    ]);
    const theirs = plan([zone, alias], [seenZone(), there("192.0.2.1", { ours: false })]);
    expect(theirs.problems.join()).toMatch(/there is A 192.0.2.1/);
  });

  test("a domain that was there is used and left; an empty one becomes the stack's", () => {
    expect(plan([zone], [seenZone({ ours: false })]).steps[0]).toMatchObject({
      do: "keep",
      reason: "it was there before",
    });
    expect(plan([zone], [seenZone({ ours: false, empty: true })]).steps[0]).toMatchObject({ do: "adopt" });
    expect(plan([www, want("web")], []).problems.join()).toMatch(/no domain example.org in this stack/);
  });
});

test("everything goes in an order in which nothing is orphaned", () => {
  const address: Seen<"reserved-ip"> = {
    kind: "reserved-ip",
    name: "front",
    id: "192.0.2.50",
    address: "192.0.2.50",
    region: "lon1",
    assignedTo: "1",
    machine: "web",
    ...known,
  };
  const project: Seen<"project"> = {
    kind: "project",
    name: "shop",
    id: "p",
    purpose: "",
    environment: "Staging",
    members: [],
    ...known,
  };
  const all = plan([], [project, address, made("web", 1)], { unlisted: "delete" });
  expect(after(all, "delete machine web 1")).toEqual(["delete reserved-ip front 192.0.2.50"]);
  expect(after(all, "delete project shop p")).toEqual(["delete machine web 1", "delete reserved-ip front 192.0.2.50"]);
  const moved = plan(
    [want("web", { region: "ams3" }), { kind: "reserved-ip", name: "front", machine: "web" }],
    [address, made("web", 1)],
    {
      replace: ["machine web"],
    },
  );
  expect(moved.problems.join()).toMatch(/reserved address front is in lon1 and cannot lead to web in ams3/);
});

test("a project takes in what is made for it", () => {
  const wanted: Wanted = {
    kind: "project",
    name: "shop",
    purpose: "x",
    environment: "Staging",
    members: ["machine web"],
  };
  const seen: Seen<"project"> = { ...wanted, ...known, id: "p", members: [] };
  const joined = plan([want("web"), wanted], [made("web", 1), seen]);
  expect(joined.steps[1]?.fields).toMatchObject([{ field: "members", from: "", to: "machine web" }]);
  expect(
    changesOf(plan([want("web"), wanted], [made("web", 1), { ...seen, members: ["machine web", "volume other"] }])),
  ).toBe(0);
});
