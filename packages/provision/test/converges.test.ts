import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  applyProvision,
  changesOf,
  destroyStack,
  observe,
  type PlanOptions,
  type ProvisionPlan,
  planProvision,
  type Ref,
  refOf,
  type Seen,
  type Wanted,
} from "../src/index.ts";
import { generateSshKey } from "../src/ssh-key.ts";
import { hurriedClock } from "./support/clock.ts";
import { Killed, memoryCloud, memoryConnect, memoryJournal, memoryProvider } from "./support/memory.ts";
import { want } from "./support/resources.ts";

const key: Wanted = { kind: "key", name: "operator", publicKey: generateSshKey("operator").publicKey };

interface Shape {
  readonly machines: readonly {
    readonly name: string;
    readonly size: string;
    readonly image: string;
    readonly tags: readonly string[];
  }[];
  readonly with: readonly string[];
}

/** A platform around its machines: a volume, an address and a record of the first, a firewall before all, a project of all. */
function wantedOf({ machines, with: kinds }: Shape): readonly Wanted[] {
  const [first] = machines;
  const names = machines.map((one) => one.name);
  const has = (kind: string): boolean => kinds.includes(kind) && first !== undefined;
  const first1 = first?.name ?? "";
  const wanted: Wanted[] = [
    key,
    ...machines.map(({ name, ...rest }) => want(name, { ...rest, firewalls: has("firewall") ? ["edge"] : [] })),
  ];
  if (has("volume"))
    wanted.push({ kind: "volume", name: "data", region: "lon1", gigabytes: 10, machine: first1, protect: false });
  if (has("firewall")) wanted.push({ kind: "firewall", name: "edge", machines: names, inbound: [], outbound: [] });
  if (has("reserved-ip")) wanted.push({ kind: "reserved-ip", name: "front", machine: first1 });
  if (has("domain")) {
    wanted.push({ kind: "domain", name: "example.org" });
    const of: Ref = has("reserved-ip") ? "reserved-ip front" : refOf({ kind: "machine", name: first1 });
    const record = { kind: "record", domain: "example.org", host: "www", type: "A", ttl: 60 } as const;
    wanted.push({ ...record, name: "example.org www A", data: { of } });
  }
  if (has("project")) {
    const members = wanted.flatMap((one) => (/^(machine|volume|domain)$/.test(one.kind) ? [refOf(one)] : []));
    wanted.push({ kind: "project", name: "shop", purpose: "x", environment: "Staging", members });
  }
  return wanted;
}

const machine = fc.record({
  name: fc.constantFrom("app", "db", "web.example.org"),
  size: fc.constantFrom("s-1vcpu-1gb", "s-2vcpu-4gb"),
  image: fc.constantFrom("debian-12-x64", "debian-13-x64"),
  tags: fc.subarray(["blue", "red"]),
});
const shape: fc.Arbitrary<Shape> = fc.record({
  machines: fc.uniqueArray(machine, { maxLength: 3, selector: (one) => one.name }),
  with: fc.subarray(["volume", "firewall", "reserved-ip", "domain", "project"]),
});

const meddled = fc.array(
  fc.record({ at: fc.nat(20), how: fc.constantFrom("removed", "switched off", "tagged", "edited" as const) }),
  { maxLength: 3 },
);

/** What somebody does to a cloud by hand. */
function meddle(items: Map<string, { seen: Seen }>, { at, how }: { readonly at: number; readonly how: string }): void {
  const [name, item] = [...items][at % Math.max(1, items.size)] ?? [];
  if (name === undefined || item === undefined) return;
  const { seen } = item;
  if (how === "removed") items.delete(name);
  else if (seen.kind === "machine" && how === "switched off") item.seen = { ...seen, status: "off" };
  else if (seen.kind === "machine" && how === "tagged") item.seen = { ...seen, tags: ["by-hand"] };
  else if (seen.kind === "record") item.seen = { ...seen, data: "192.0.2.250" };
  else if (seen.kind === "volume") item.seen = { ...seen, attachedTo: "" };
}

/** Protects all machines by hand; gives how many there are. */
function protect(items: Map<string, { seen: Seen }>): number {
  const machines = [...items.values()].filter((item) => item.seen.kind === "machine");
  for (const item of machines) if (item.seen.kind === "machine") item.seen = { ...item.seen, protect: true };
  return machines.length;
}

/** Everything may be replaced, and what nobody asks for goes. */
const bold = (wanted: readonly Wanted[]): PlanOptions => ({
  stack: "shop",
  unlisted: "delete",
  replace: wanted.map(refOf),
});

function worldOf(lagMs: number, machineLimit: number) {
  const clock = hurriedClock();
  const cloud = memoryCloud();
  const journal = memoryJournal(clock);
  const provider = () => {
    const made = memoryProvider(cloud, { stack: "shop", clock, lagMs });
    return {
      ...made,
      room: async () => ({ machine: { most: machineLimit, there: (await made.machines()).length } }),
    };
  };
  const plan = async (wanted: readonly Wanted[]): Promise<ProvisionPlan> =>
    planProvision(wanted, await observe(provider(), { wanted, all: true }), bold(wanted));
  const apply = (of: ProvisionPlan, by = provider()) =>
    applyProvision(of, { provider: by, connect: memoryConnect, answers: async () => true, clock, journal });
  return { clock, cloud, plan, apply, provider };
}

/** Plans and applies until there is nothing to do; gives how often that took. */
async function settle(world: ReturnType<typeof worldOf>, wanted: readonly Wanted[]): Promise<number> {
  for (let round = 0; ; round += 1) {
    const next = await world.plan(wanted);
    expect(next.problems).toEqual([]);
    if (changesOf(next) === 0) return round;
    expect(round).toBeLessThan(3);
    const { failed } = await world.apply(next);
    expect(failed).toEqual([]);
    await world.clock.sleep(60_000);
  }
}

describe("plan and apply", () => {
  test("reach what is wanted in one go, from whatever was there, and a second run has nothing to do", async () => {
    await fc.assert(
      fc.asyncProperty(shape, shape, meddled, fc.constantFrom(3, 25), async (before, after, hands, limit) => {
        const world = worldOf(0, limit);
        await settle(world, wantedOf(before));
        for (const hand of hands) meddle(world.cloud.items, hand);
        const rounds = await settle(world, wantedOf(after));
        expect(rounds).toBeLessThanOrEqual(1);
        const refs = [...world.cloud.items.values()].map((item) => refOf(item.seen)).sort();
        const wanted = wantedOf(after).map(refOf).sort();
        // The operator's key is added for machines only, and is not taken away for want of them.
        expect(refs.filter((ref) => ref !== "key operator")).toEqual(wanted.filter((ref) => ref !== "key operator"));
      }),
      { numRuns: 150 },
    );
  });

  test("killed at any call, with lists that lag, the next runs reach it with nothing twice and nothing lost", async () => {
    await fc.assert(
      fc.asyncProperty(
        shape,
        shape,
        fc.array(fc.record({ call: fc.nat(25), after: fc.boolean() }), { minLength: 1, maxLength: 3 }),
        fc.constantFrom(3, 25),
        fc.constantFrom(0, 5_000),
        async (before, after, kills, limit, lagMs) => {
          const world = worldOf(lagMs, limit);
          await settle(world, wantedOf(before));
          const wanted = wantedOf(after);
          for (const { call, after: late } of kills) {
            const next = await world.plan(wanted);
            expect(next.problems).toEqual([]);
            world.cloud.killAt = { call: world.cloud.calls + 1 + call, after: late };
            try {
              await world.apply(next);
            } catch (error) {
              expect(error).toBeInstanceOf(Killed);
            }
            world.cloud.killAt = undefined;
            // The lists have not caught up when the next run looks.
          }
          await settle(world, wanted);
          const current = [...world.cloud.items.values()].map((item) => refOf(item.seen));
          expect(current.filter((ref) => ref !== "key operator").sort()).toEqual(
            wanted
              .map(refOf)
              .filter((ref) => ref !== "key operator")
              .sort(),
          );
        },
      ),
      { numRuns: 250 },
    );
  });

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

  test("by two operators at once, from one plan each, there is one machine of each, and the next run settles", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(machine, { minLength: 1, maxLength: 3, selector: (one) => one.name }),
        fc.boolean(),
        async (machines, safe) => {
          const world = worldOf(0, 25);
          const wanted = wantedOf({ machines, with: [] }).map((one) =>
            one.kind === "machine" ? { ...one, protect: safe } : one,
          );
          const plans = [await world.plan(wanted), await world.plan(wanted)];
          const ended = await Promise.all(
            plans.map((of) =>
              world.apply(of).then(
                ({ failed }) => failed.map((one) => one.error),
                (error: unknown) => [error],
              ),
            ),
          );
          for (const error of ended.flat()) expect(error).toMatchObject({ code: "plan.stale", exitCode: 5 });
          const made = [...world.cloud.items.values()].filter((item) => item.seen.kind === "machine");
          expect(made.map((item) => item.seen.name).sort()).toEqual(machines.map((one) => one.name).sort());
          await settle(world, wanted);
        },
      ),
      { numRuns: 100 },
    );
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

  test("destroying leaves nothing, killed or not", async () => {
    await fc.assert(
      fc.asyncProperty(shape, fc.nat(12), fc.boolean(), async (before, call, late) => {
        const world = worldOf(0, 25);
        await settle(world, wantedOf(before));
        world.cloud.killAt = { call: world.cloud.calls + 1 + call, after: late };
        await destroyStack({ provider: world.provider(), clock: world.clock }).catch((error: unknown) => {
          expect(error).toBeInstanceOf(Killed);
        });
        world.cloud.killAt = undefined;
        await destroyStack({ provider: world.provider(), clock: world.clock });
        expect(world.cloud.items.size).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});
