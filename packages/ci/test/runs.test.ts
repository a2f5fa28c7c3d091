import { type CiRecord, runsOf } from "@slipway/ci";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keep } from "../src/retention.ts";

const entries = (...records: CiRecord[]) =>
  records.map((record, index) => ({ seq: index + 1, at: 1000 * (index + 1), record }));
const queued = (run = "1"): CiRecord => ({
  type: "run queued",
  run,
  request: `${run}-x.json`,
  ref: "refs/heads/review",
  commit: "c".repeat(40),
  subject: "Lend more",
  author: "Anna <anna@example.org>",
});
const started = (attempt: number): CiRecord => ({
  type: "run started",
  run: "1",
  attempt,
  base: null,
  candidate: "d",
  tree: "t",
});
const read: CiRecord = {
  type: "pipeline read",
  run: "1",
  pipeline: { name: "p", digest: "x" },
  steps: [
    { name: "a", kind: "run", needs: [] },
    { name: "b", kind: "image", needs: ["a"] },
  ],
};
const passed = (step: string, attempt: number): CiRecord => ({
  type: "step finished",
  run: "1",
  step,
  attempt,
  state: "passed",
  seconds: 2,
});

describe("runsOf", () => {
  it("tells a run from its push to its end", () => {
    const [run] = runsOf(
      entries(queued(), started(1), read, { type: "step started", run: "1", step: "a", attempt: 1 }, passed("a", 1), {
        type: "run finished",
        run: "1",
        state: "failed",
        seconds: 4,
        failedStep: "b",
        message: "exit status 1",
        logTail: "oh",
      }),
    );
    expect(run).toMatchObject({
      id: "1",
      state: "failed",
      subject: "Lend more",
      queuedAt: 1000,
      startedAt: 2000,
      finishedAt: 6000,
      failedStep: "b",
      logTail: "oh",
      steps: [
        { name: "a", state: "passed", startedAt: 4000, seconds: 2 },
        { name: "b", state: "skipped" },
      ],
    });
  });

  it("ignores the late result of an earlier attempt, and everything after the end", () => {
    const [run] = runsOf(entries(queued(), started(1), read, started(2), read, passed("a", 1)));
    expect(run?.steps.map((step) => step.state)).toEqual(["waiting", "waiting"]);
    const end: CiRecord = { type: "run finished", run: "1", state: "passed", seconds: 1 };
    const [ended] = runsOf(entries(queued(), started(1), end, { ...end, state: "failed" }, started(2)));
    expect(ended).toMatchObject({ state: "passed", attempt: 1 });
  });

  it("holds for any records in any order: one end, only known runs, no exception", () => {
    const name = fc.constantFrom("1", "2");
    const step = fc.constantFrom("a", "b", "z");
    const attempt = fc.integer({ min: 1, max: 3 });
    const record: fc.Arbitrary<CiRecord> = fc.oneof(
      name.map(queued),
      fc.tuple(name, attempt).map(([run, number]): CiRecord => ({ ...started(number), run })),
      name.map((run): CiRecord => ({ ...read, run })),
      fc.tuple(name, step, attempt).map(([run, at, number]): CiRecord => ({ ...passed(at, number), run })),
      name.map((run): CiRecord => ({ type: "run publishing", run, candidate: "d", base: null })),
      fc
        .tuple(name, fc.constantFrom("passed" as const, "failed" as const))
        .map(([run, state]): CiRecord => ({ type: "run finished", run, state, seconds: 1 })),
    );
    fc.assert(
      fc.property(fc.array(record, { maxLength: 40 }), (records) => {
        const firstEnd = new Map<string, string>();
        const known = new Set<string>();
        for (const one of records) {
          if (one.type === "run queued") known.add(one.run);
          if (one.type === "run finished" && known.has(one.run) && !firstEnd.has(one.run))
            firstEnd.set(one.run, one.state);
        }
        const runs = runsOf(entries(...records));
        expect(runs.map((run) => run.id).sort()).toEqual([...known].sort());
        for (const run of runs) {
          expect(run.finishedAt !== undefined).toBe(firstEnd.has(run.id));
          if (run.finishedAt !== undefined) expect(run.state).toBe(firstEnd.get(run.id));
          if (run.finishedAt !== undefined)
            expect(run.steps.some((one) => one.state === "running" || one.state === "waiting")).toBe(false);
        }
      }),
    );
  });
});

describe("keep", () => {
  it("keeps the images of what passed last, and the logs of what ended last", () => {
    const one = (run: string, state: "passed" | "failed"): CiRecord[] => [
      queued(run),
      { type: "run started", run, attempt: 1, base: null, candidate: `c${run}`, tree: "t" },
      { type: "run finished", run, state, seconds: 1 },
    ];
    const runs = runsOf(
      entries(...one("1", "passed"), ...one("2", "failed"), ...one("3", "passed"), ...one("4", "passed"), queued("5")),
    );
    expect(keep(runs, { images: 2, logs: 3 })).toEqual({ commits: new Set(["c4", "c3"]), logs: ["1"] });
    expect(keep(runs, { images: 9, logs: 9 })).toEqual({ commits: new Set(["c4", "c3", "c1"]), logs: [] });
  });
});
