import { debian, ubuntu } from "@slipway/model";
import { describe, expect, test } from "vitest";
import { deadlineOf } from "../src/apply.ts";
import { changesOf, droplet, printPlan, type Wanted, wantedOf } from "../src/index.ts";
import { generateSshKey } from "../src/ssh-key.ts";
import { ids, plan } from "./support/plans.ts";
import { cloud, made, want } from "./support/resources.ts";

const operator = generateSshKey("operator");
const key: Wanted = { kind: "key", name: "operator", publicKey: operator.publicKey };

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
});
