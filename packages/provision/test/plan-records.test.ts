import { describe, expect, test } from "vitest";
import { changesOf, printPlan, type Seen, type Wanted, type WantedRecord } from "../src/index.ts";
import { after, ids, known, plan } from "./support/plans.ts";
import { made, want } from "./support/resources.ts";

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
