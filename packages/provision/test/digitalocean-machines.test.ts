import { describe, expect, test } from "vitest";
import { droplet as shape } from "../src/client/droplets.ts";
import { machineOf, machinesOf } from "../src/digitalocean/machines.ts";
import { digitalOceanProvider, type SeenMachine } from "../src/index.ts";
import { differences } from "../src/plan/differences.ts";
import { answering } from "./support/answering.ts";
import { cloud, made, want } from "./support/resources.ts";

const droplet = (more: object = {}) => ({
  id: 7,
  name: "web",
  status: "active",
  created_at: "2026-01-01T00:00:00Z",
  disk: 25,
  features: [],
  backup_ids: [],
  snapshot_ids: [],
  volume_ids: [],
  size_slug: "s-1vcpu-1gb",
  region: { slug: "lon1" },
  image: { slug: "debian-12-x64", id: 1 },
  tags: ["slipway:stack:shop"],
  networks: { v4: [], v6: [] },
  ...more,
});
const intent = { id: "1", begun: false };

describe("backups are weekly", () => {
  const weekly = { plan: "weekly", weekday: "SUN", hour: 4 };

  test("of a new machine", async () => {
    const { context, sent } = await answering(() => [202, { droplet: droplet() }]);
    await machinesOf(context, "shop").create(want("web", { backups: true }), new Map(), intent);
    expect(sent("POST /v2/droplets")).toMatchObject({ backups: true, backup_policy: weekly });
  });

  test("and of one that gets them later", async () => {
    const { context, sent } = await answering((call) => {
      if (call.startsWith("POST /v2/droplets/7/actions"))
        return [201, { action: { id: 1, type: "enable_backups", status: "completed" } }];
      return [200, { actions: [], tag: { name: "t" } }];
    });
    const seen = machineOf(droplet(), "shop");
    await machinesOf(context, "shop").update(seen, want("web", { backups: true }), ["backups"], new Map());
    expect(sent("POST /v2/droplets/7/actions")).toEqual({ type: "enable_backups", backup_policy: weekly });
  });
});

describe("backups of another policy", () => {
  const window = (day: number) => ({
    features: ["backups"],
    next_backup_window: { start: `2026-11-0${day}T04:00:00Z`, end: `2026-11-0${day}T08:00:00Z` },
  });
  // The first of November 2026 is a Sunday.
  const seen = (day: number) => machineOf(shape.parse(droplet(window(day))), "shop");

  test("are a difference when the next one is on no Sunday, and so is one that is not known", () => {
    const fields = (machine: Partial<SeenMachine>, backups: boolean) =>
      differences(want("web", { backups }), made("web", 7, machine), { ...cloud([]), moving: new Set() }).map(
        ({ field, from, to }) => [field, from, to],
      );
    expect([1, 2, 7].map((day) => seen(day).otherBackups)).toEqual([undefined, true, true]);
    expect(
      machineOf(shape.parse(droplet({ features: ["backups"], next_backup_window: null })), "shop"),
    ).not.toHaveProperty("otherBackups");
    expect(fields({ backups: true, otherBackups: true }, true)).toEqual([["backups", "at other times", "on"]]);
    expect(fields({ backups: true, otherBackups: true }, false)).toEqual([["backups", "at other times", "off"]]);
    expect(fields({ backups: true }, true)).toEqual([]);
    expect(fields({ backups: false, otherBackups: true }, false)).toEqual([]);
  });

  test("become weekly", async () => {
    const { context, sent } = await answering((call) =>
      call.startsWith("POST /v2/droplets/7/actions")
        ? [201, { action: { id: 1, type: "change_backup_policy", status: "completed" } }]
        : [200, { actions: [], tag: { name: "t" } }],
    );
    await machinesOf(context, "shop").update(seen(2), want("web", { backups: true }), ["backups"], new Map());
    expect(sent("POST /v2/droplets/7/actions")).toEqual({
      type: "change_backup_policy",
      backup_policy: { plan: "weekly", weekday: "SUN", hour: 4 },
    });
  });
});

describe("the address of a machine is its own", () => {
  const two = (first: string, second: string) => ({
    v4: [
      { ip_address: first, type: "public" },
      { ip_address: second, type: "public" },
      { ip_address: "10.0.0.2", type: "private" },
    ],
    v6: [],
  });
  const addressOf = async (tags: readonly string[]) => {
    const { client, context, calls } = await answering((call) => {
      if (call.includes("/v2/reserved_ips"))
        return [200, { reserved_ips: [{ ip: "198.51.100.9", region: { slug: "lon1" } }] }];
      return [
        200,
        { droplets: [droplet({ tags: ["slipway:stack:shop", ...tags], networks: two("198.51.100.9", "192.0.2.1") })] },
      ];
    });
    const [machine] = await digitalOceanProvider(client, { clock: context.clock, stack: "shop" }).machines();
    return [machine?.address, machine?.privateAddress, calls.length];
  };

  test("when its tag tells of the reserved one", async () =>
    expect(await addressOf(["slipway:ip:shop:front:198-51-100-9"])).toEqual(["192.0.2.1", "10.0.0.2", 1]));
  test("when only the list of reserved ones does", async () =>
    expect(await addressOf(["slipway:ip:shop:front"])).toEqual(["192.0.2.1", "10.0.0.2", 2]));
});

test.each([
  ["a public one, by its id", "1", { slug: "debian-12-x64", id: 1 }, "1"],
  ["a public one, by its slug", "debian-12-x64", { slug: "debian-12-x64", id: 1 }, "debian-12-x64"],
  ["one that lost its slug", "debian-12-x64", { slug: null, id: 1 }, "debian-12-x64"],
  ["another one, after a rebuild", "1", { slug: "debian-13-x64", id: 2 }, "debian-13-x64"],
])("an image that was asked for as %s", (_how, asked, image, told) => {
  expect(machineOf(droplet({ image, tags: [`slipway:image:${asked}`] }), "shop").image).toBe(told);
});

test("a tag is given as it is spelt in the account", async () => {
  const { context, calls } = await answering((call) =>
    call === "POST /v2/tags" ? [201, { tag: { name: "prod" } }] : [204, undefined],
  );
  const seen = machineOf(droplet({ tags: ["slipway:spec:x"] }), "shop");
  await machinesOf(context, "shop").update(seen, want("web", { tags: ["Prod"] }), ["tags"], new Map());
  expect(calls).toContain("POST /v2/tags/prod/resources");
  expect(calls).not.toContain("POST /v2/tags/Prod/resources");
});

test("a disk may take half an hour to grow", async () => {
  let looks = 0;
  const act = { id: 1, type: "resize" };
  const { context, sent } = await answering((call) => {
    if (call === "GET /v2/droplets/7") return [200, { droplet: droplet({ status: "off" }) }];
    if (call.startsWith("GET /v2/droplets/7/actions/")) {
      looks += 1;
      return [200, { action: { ...act, status: looks * 5 < 1_800 ? "in-progress" : "completed" } }];
    }
    if (call.startsWith("GET")) return [200, { actions: [] }];
    if (call === "POST /v2/droplets/7/actions")
      return [201, { action: { ...act, status: looks === 0 ? "in-progress" : "completed" } }];
    return [201, { tag: { name: "t" } }];
  });
  const seen = machineOf(droplet({ status: "off" }), "shop");
  await machinesOf(context, "shop").update(seen, want("web", { size: "s-2vcpu-4gb" }), ["size"], new Map());
  expect(sent("POST /v2/droplets/7/actions")).toEqual({ type: "power_on" });
  expect(context.clock.monotonic()).toBeGreaterThan(1_700_000);
});

test("a machine whose new size is refused is switched on again", async () => {
  let status = "active";
  const acts: string[] = [];
  const { context } = await answering((call, body) => {
    if (call === "GET /v2/droplets/7") return [200, { droplet: droplet({ status }) }];
    if (call.startsWith("GET")) return [200, { actions: [] }];
    const { type } = body as { type: string };
    acts.push(type);
    if (type === "resize") return [422, { message: "This size is not available in this region at present." }];
    status = type === "power_on" ? "active" : "off";
    return [201, { action: { id: acts.length, type, status: "completed" } }];
  });
  const asked = want("web", { size: "s-2vcpu-4gb" });
  const resized = machinesOf(context, "shop").update(machineOf(droplet(), "shop"), asked, ["size"], new Map());
  await expect(resized).rejects.toMatchObject({ status: 422 });
  expect(acts).toEqual(["shutdown", "resize", "power_on"]);
});
