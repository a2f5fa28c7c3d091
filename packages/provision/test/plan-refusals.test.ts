import { describe, expect, test } from "vitest";
import { changesOf, type Seen, type Wanted } from "../src/index.ts";
import { plan } from "./support/plans.ts";
import { cloud, made, want } from "./support/resources.ts";

describe("a plan", () => {
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
    [
      "two reserved addresses of one machine",
      [
        want("app"),
        { kind: "reserved-ip", name: "a", machine: "app" },
        { kind: "reserved-ip", name: "b", machine: "app" },
      ],
      [],
      /reserved addresses a, b of app: digitalocean leads one to a machine/,
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
});
