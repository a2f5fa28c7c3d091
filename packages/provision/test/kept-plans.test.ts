import { expect, test } from "vitest";
import type { ProvisionPlan, Seen } from "../src/index.ts";
import { Killed } from "./support/memory.ts";
import { want } from "./support/resources.ts";
import { key, settle, wantedOf, worldOf } from "./support/world.ts";

/** Protects all machines by hand; gives how many there are. */
function protect(items: Map<string, { seen: Seen }>): number {
  const machines = [...items.values()].filter((item) => item.seen.kind === "machine");
  for (const item of machines) if (item.seen.kind === "machine") item.seen = { ...item.seen, protect: true };
  return machines.length;
}

test("what needs the address of a machine that a killed run left booting waits for it", async () => {
  const world = worldOf(0, 25);
  const wanted = wantedOf({
    machines: [{ name: "app", size: "s-1vcpu-1gb", image: "debian-12-x64", tags: [] }],
    with: ["domain"],
  });
  world.cloud.killAt = { call: 3, after: true };
  await expect(world.apply(await world.plan(wanted))).rejects.toThrow(Killed);
  expect([...world.cloud.items.values()].find(({ seen }) => seen.kind === "machine")?.seen).toMatchObject({
    address: "",
  });
  world.cloud.killAt = undefined;
  expect(await settle(world, wanted)).toBe(1);
});

test("a plan for the address of a machine that booted meanwhile is done; when the machine is gone it is stale", async () => {
  const small = { size: "s-1vcpu-1gb", image: "debian-12-x64", tags: [] };
  const machines = [{ name: "app", ...small }];
  for (const gone of [false, true]) {
    const world = worldOf(0, 25);
    await settle(world, wantedOf({ machines, with: ["domain"] }));
    const wanted = wantedOf({ machines: [{ name: "web.example.org", ...small }, ...machines], with: ["domain"] });
    const first = await world.plan(wanted);
    world.cloud.killAt = { call: world.cloud.calls + 1, after: true };
    await expect(world.apply(first)).rejects.toThrow(Killed);
    world.cloud.killAt = undefined;
    const next = await world.plan(wanted);
    const told = ({ steps }: ProvisionPlan) => steps.flatMap(({ fields }) => fields.map((change) => change.to));
    expect(told(next)).toEqual(["address of machine web.example.org"]);
    // It boots.
    await world.provider().machines();
    expect(told(await world.plan(wanted))).toEqual(["192.0.2.5"]);
    if (gone) {
      for (const [at, { seen }] of world.cloud.items) if (seen.id === "5") world.cloud.items.delete(at);
      await expect(world.apply(next)).rejects.toMatchObject({ code: "plan.stale" });
    } else expect(await world.apply(next)).toMatchObject({ changes: 1, failed: [] });
    await settle(world, wanted);
  }
});

test("does what follows from the cloud, not what the steps of an altered plan say", async () => {
  const world = worldOf(0, 25);
  const wanted = [key, want("app"), want("db")];
  await settle(world, wanted);
  const kept = await world.plan(wanted);
  const steps = kept.steps.map((step): ProvisionPlan["steps"][number] => ({ ...step, do: "delete" }));
  expect(await world.apply({ ...kept, steps })).toMatchObject({ changes: 0, failed: [] });
  expect([...world.cloud.items.values()].filter((item) => item.seen.kind === "machine")).toHaveLength(2);
  const problems = { ...(await world.plan([want("app", { region: "moon1" })])), problems: [] };
  await expect(world.apply(problems)).rejects.toMatchObject({ code: "plan.problems" });
});

test("what was protected after a plan was made is neither deleted nor replaced by it", async () => {
  for (const wanted of [[key], [key, want("app", { image: "debian-13-x64" })]]) {
    const world = worldOf(0, 25);
    await settle(world, [key, want("app")]);
    const before = await world.plan(wanted);
    expect(before.problems).toEqual([]);
    protect(world.cloud.items);
    await expect(world.apply(before)).rejects.toMatchObject({ code: "plan.stale" });
    expect(protect(world.cloud.items)).toBe(1);
  }
});

test.each(["replace", "delete"])("nor when that is while the plan is done: before it would %s it", async (what) => {
  const world = worldOf(0, 25);
  await settle(world, [key, want("app")]);
  const next = await world.plan(what === "delete" ? [key] : [key, want("app", { image: "debian-13-x64" })]);
  // Seen as it was; protected the moment after.
  const provider = world.provider();
  const observing = {
    ...provider,
    observe: async (scope: Parameters<typeof provider.observe>[0]) => {
      const seen = await provider.observe(scope);
      protect(world.cloud.items);
      return seen;
    },
  };
  const { failed } = await world.apply(next, observing);
  expect(failed[0]?.error).toMatchObject({ code: "cloud.protected" });
  expect([...world.cloud.items.values()].filter((item) => item.seen.kind === "machine")).toMatchObject([
    { seen: { protect: true, retired: false } },
  ]);
});
