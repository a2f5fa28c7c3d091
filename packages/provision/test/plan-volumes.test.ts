import { describe, expect, test } from "vitest";
import { changesOf, planProvision, type Seen, type Wanted, type WantedVolume } from "../src/index.ts";
import { after, known, plan } from "./support/plans.ts";
import { cloud, made, want } from "./support/resources.ts";

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
