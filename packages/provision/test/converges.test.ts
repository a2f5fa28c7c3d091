import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { destroyStack, refOf, type Seen } from "../src/index.ts";
import { Killed } from "./support/memory.ts";
import { type Shape, settle, wantedOf, worldOf } from "./support/world.ts";

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
