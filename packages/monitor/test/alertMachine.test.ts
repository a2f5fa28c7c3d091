import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type AlertPolicy,
  type AlertState,
  type Announcement,
  calmNeeded,
  defaultPolicy,
  firstState,
  type Grade,
  step,
  withdraw,
} from "../src/alerts/machine.ts";

interface Tick {
  readonly elapsedMs: number;
  readonly jumpMs: number;
  readonly grade: Grade | undefined;
  readonly restart: boolean;
}

const policy: AlertPolicy = {
  forMs: 20_000,
  clearMs: 10_000,
  remindMs: 300_000,
  flapWindowMs: 600_000,
  flapMs: 60_000,
  maxClearMs: 600_000,
};
const seen = (grade: Grade, description = `saw ${grade}`) => ({
  grade,
  title: "t",
  host: "h",
  service: "s",
  description,
});

function run(ticks: readonly Tick[], rules = policy) {
  let state: AlertState = firstState("k");
  let at = 1_000_000;
  const told: (Announcement & { readonly tick: number })[] = [];
  const states: AlertState[] = [];
  ticks.forEach((tick, n) => {
    at += tick.elapsedMs + tick.jumpMs;
    if (tick.restart) state = JSON.parse(JSON.stringify(state)) as AlertState;
    const result = step(state, { at, elapsedMs: tick.elapsedMs, ...(tick.grade && { seen: seen(tick.grade) }) }, rules);
    state = result.state;
    states.push(state);
    told.push(...result.announcements.map((each) => ({ ...each, tick: n })));
  });
  return { state, told, states };
}

const tick = fc.record<Tick>({
  elapsedMs: fc.integer({ min: 0, max: 60_000 }),
  jumpMs: fc.oneof(
    { weight: 5, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: -1e9, max: 1e9 }) },
  ),
  grade: fc.constantFrom<(Grade | undefined)[]>("ok", "ok", "warning", "critical", "critical", "unknown", undefined),
  restart: fc.boolean(),
});
const schedule = fc.array(tick, { maxLength: 120 });
const many = { numRuns: 1_000 };

test("announcements of an alert: firing first, resolved last, nothing after it, ids never twice", () => {
  fc.assert(
    fc.property(schedule, (ticks) => {
      const { told, state } = run(ticks);
      expect(new Set(told.map((each) => each.id)).size).toBe(told.length);
      let open: string | undefined;
      for (const { kind, alert } of told) {
        expect(kind === "firing").toBe(open === undefined);
        if (open !== undefined) expect(alert.id).toBe(open);
        expect(alert.resolvedAt !== undefined).toBe(kind === "resolved");
        open = kind === "resolved" ? undefined : alert.id;
      }
      expect(state.phase === "firing").toBe(open !== undefined);
    }),
    many,
  );
});

test("jumps of the wall clock and restarts change nothing that is announced", () => {
  fc.assert(
    fc.property(schedule, (ticks) => {
      const plain = run(ticks.map((each) => ({ ...each, jumpMs: 0, restart: false })));
      const names = (all: readonly Announcement[]) => all.map(({ id, kind }) => ({ id, kind }));
      expect(names(run(ticks).told)).toEqual(names(plain.told));
    }),
    many,
  );
});

test("it fires only when it was bad for long enough, and resolves only when it was calm for long enough", () => {
  fc.assert(
    fc.property(schedule, (ticks) => {
      const { told } = run(ticks);
      // An oracle that knows no phases: how long it has been bad (or ok) without the opposite in between.
      let last: Grade = "ok";
      let badMs = 0;
      let calmMs = 0;
      ticks.forEach((each, n) => {
        if (last === "warning" || last === "critical") badMs += each.elapsedMs;
        if (last === "ok") calmMs += each.elapsedMs;
        last = each.grade ?? last;
        if (last === "ok") badMs = 0;
        if (last === "warning" || last === "critical") calmMs = 0;
        for (const one of told.filter((other) => other.tick === n)) {
          if (one.kind === "firing") expect(badMs).toBeGreaterThanOrEqual(policy.forMs);
          if (one.kind === "resolved") expect(calmMs).toBeGreaterThanOrEqual(policy.clearMs);
        }
      });
    }),
    many,
  );
});

test("whatever happened before: long enough bad always fires, long enough calm always resolves", () => {
  fc.assert(
    fc.property(schedule, (ticks) => {
      const hour = { elapsedMs: 3_600_000, jumpMs: 0, restart: true };
      const down = [...ticks, { ...hour, grade: "critical" as const }, { ...hour, grade: "critical" as const }];
      expect(run(down).state.phase).toBe("firing");
      expect(run([...down, { ...hour, grade: "ok" }, { ...hour, grade: "ok" }]).state.phase).toBe("ok");
    }),
    many,
  );
});

test("reminders keep their distance, and unknown never announces", () => {
  fc.assert(
    fc.property(schedule, (ticks) => {
      const { told } = run(ticks);
      const clock: number[] = [];
      ticks.reduce((sum, each, n) => (clock[n] = sum + each.elapsedMs), 0);
      told.forEach((each, n) => {
        const before = told[n - 1];
        if (each.kind === "reminder" && before !== undefined)
          expect((clock[each.tick] ?? 0) - (clock[before.tick] ?? 0)).toBeGreaterThanOrEqual(policy.remindMs);
        expect(ticks[each.tick]?.grade).not.toBe("unknown");
      });
    }),
    many,
  );
});

test("what flaps for a day is announced a handful of times, and resolves once it is calm", () => {
  const flapping = Array.from(
    { length: 2 * 2_880 },
    (_, n): Tick => ({
      elapsedMs: 15_000,
      jumpMs: 0,
      restart: false,
      grade: n % 4 < 2 ? "critical" : "ok",
    }),
  );
  const { told, state } = run(flapping, { ...policy, forMs: 0, clearMs: 0, remindMs: 0 });
  expect(told.length).toBeLessThan(10);
  expect(state.phase).toBe("firing");
  const calm: Tick = { elapsedMs: policy.maxClearMs, jumpMs: 0, restart: false, grade: "ok" };
  expect(run([...flapping, calm, calm], { ...policy, forMs: 0, clearMs: 0 }).state.phase).toBe("ok");
});

test("severity rises within an alert and is told once", () => {
  const grades: Grade[] = ["warning", "warning", "critical", "warning", "critical", "ok", "ok"];
  const { told } = run(grades.map((grade) => ({ grade, elapsedMs: 20_000, jumpMs: 0, restart: false })));
  expect(told.map((each) => [each.kind, each.alert.severity])).toEqual([
    ["firing", "warning"],
    ["worse", "critical"],
    ["resolved", "critical"],
  ]);
});

test("an alert keeps what was seen while it is unknown", () => {
  const first = step(
    firstState("k"),
    { at: 5, elapsedMs: 0, seen: seen("critical", "status 502 ≠ 200") },
    defaultPolicy,
  );
  const then = step(first.state, { at: 6, elapsedMs: 1, seen: seen("unknown", "own network lost") }, defaultPolicy);
  expect(then.state).toMatchObject({ phase: "firing", description: "status 502 ≠ 200" });
});

test("a condition that is watched no longer is resolved, and only when it fired", () => {
  const fired = step(firstState("k"), { at: 5, elapsedMs: 0, seen: seen("critical") }, defaultPolicy).state;
  expect(withdraw(fired, 9, "watched no longer").announcements).toMatchObject([
    { kind: "resolved", alert: { resolvedAt: 9, description: "watched no longer" } },
  ]);
  expect(withdraw(firstState("k"), 9, "x").announcements).toEqual([]);
});

test("calm that is needed grows with quick repetition and is bounded", () => {
  const needed = [1, 2, 3, 8].map((heat) => calmNeeded({ ...firstState("k"), heat }, policy));
  expect(needed).toEqual([10_000, 70_000, 130_000, 600_000]);
});
