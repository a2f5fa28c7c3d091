import { endToEnd, image, pipeline, push, type StepData, script, step } from "@slipway/ci";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cycleIn, nextSteps, problemsOf, type StepState, upstream } from "../src/graph.ts";

const bare = (name: string, ...needs: string[]): StepData => step(name, { run: ["true"], needs });
const of = (...steps: [StepData, ...StepData[]]) => pipeline("p", { on: push("review"), steps });

describe("problemsOf", () => {
  it("finds none in a good pipeline", () => {
    const dependencies = step("dependencies", {
      run: ["pnpm", "install"],
      outputs: ["node_modules"],
      network: "internet",
    });
    const compile = step("compile", { run: script("tsc"), needs: [dependencies], outputs: ["dist"] });
    const web = image("web", {
      needs: [compile],
      copy: [{ from: "dist", to: "/app" }],
      entry: ["node", "/app/main.js"],
    });
    const whole = endToEnd("end to end", { services: { web }, needs: [compile], run: ["node", "--test"] });
    expect(problemsOf(of(dependencies, compile, web, whole))).toEqual([]);
    expect(whole.needs).toEqual(["compile", "image web"]);
  });

  it("names what is wrong", () => {
    expect(problemsOf(of(bare("a"), bare("a")))).toEqual(['two steps are called "a"']);
    expect(problemsOf(of(bare("a", "b")))).toEqual(['"a" needs "b", which is not in the pipeline']);
    expect(problemsOf(of(bare("a", "c"), bare("b", "a"), bare("c", "b")))).toEqual([
      "steps wait for each other: a → c → b → a",
    ]);
    expect(problemsOf(of(bare("a", "a")))).toEqual(["steps wait for each other: a → a"]);
    expect(problemsOf(of(bare("merge")))).toEqual(['a step cannot be called "merge": the CI uses that name itself']);
    const climbing = step("a", { run: ["true"], outputs: ["../etc"] });
    expect(problemsOf(of(climbing))).toEqual([
      '"a" names the path "../etc"; write it relative to the repository, without . and ..',
    ]);
  });

  it("refuses two steps that make the same folder for a third, and one inside another", () => {
    const one = step("one", { run: ["true"], outputs: ["dist"] });
    const two = step("two", { run: ["true"], outputs: ["dist/two"] });
    expect(problemsOf(of(one, two))).toEqual([]);
    expect(problemsOf(of(one, two, step("three", { run: ["true"], needs: [one, two] })))).toEqual([
      '"two" and "one" both make "dist/two", and "three" sees both',
    ]);
  });

  it("refuses an end-to-end test of an image that is not built", () => {
    const web = image("web", { copy: [], entry: ["node"] });
    const whole = endToEnd("whole", { services: { web }, run: ["true"] });
    expect(problemsOf(of(whole))).toEqual([
      '"whole" needs "image web", which is not in the pipeline',
      '"whole" runs "web", whose image is not built',
    ]);
  });
});

describe("types", () => {
  it("refuse what cannot be a pipeline", () => {
    // @ts-expect-error a pipeline without steps verifies nothing
    pipeline("p", { on: push("review"), steps: [] });
    // @ts-expect-error a command has a program
    step("a", { run: [] });
    // @ts-expect-error a duration has a unit; it is refused when it runs, too
    expect(() => step("a", { run: ["true"], timeout: "120" })).toThrow("not a duration");
    // @ts-expect-error there is no such network
    step("a", { run: ["true"], network: "host" });
    // @ts-expect-error only an image can be run beside a test
    endToEnd("e", { run: ["true"], services: { web: step("a", { run: ["true"] }) } });
    // @ts-expect-error it is thrown away, so it has no outputs
    endToEnd("e", { run: ["true"], services: {}, outputs: ["x"] });
  });
});

/** Graphs without cycles: each step needs only earlier ones. */
const graphs = fc
  .array(fc.array(fc.nat(20), { maxLength: 4 }), { minLength: 1, maxLength: 12 })
  .map((needs) =>
    needs.map((of, at) => bare(`s${at}`, ...(at === 0 ? [] : [...new Set(of.map((one) => `s${one % at}`))]))),
  );

describe("nextSteps", () => {
  it("takes every graph to its end, in an order that keeps the needs, within the slots", () => {
    fc.assert(
      fc.property(
        graphs,
        fc.integer({ min: 1, max: 4 }),
        fc.infiniteStream(fc.nat()),
        fc.option(fc.nat(11)),
        (steps, slots, choices, bad) => {
          expect(cycleIn(steps)).toBeUndefined();
          const states = new Map<string, StepState>();
          const failing = bad === null ? undefined : steps[bad % steps.length]?.name;
          for (let turn = 0; turn < 100; turn += 1) {
            const next = nextSteps(steps, states, slots);
            for (const name of next.start) {
              for (const need of steps.find((one) => one.name === name)?.needs ?? [])
                expect(states.get(need)).toBe("passed");
              states.set(name, "running");
            }
            for (const name of next.skip) states.set(name, "skipped");
            const running = [...states].filter(([, state]) => state === "running").map(([name]) => name);
            expect(running.length).toBeLessThanOrEqual(slots);
            if (next.over) {
              expect(running).toEqual([]);
              expect(states.size).toBe(steps.length);
              if (failing === undefined) expect(new Set(states.values())).toEqual(new Set(["passed"]));
              return;
            }
            expect(running.length).toBeGreaterThan(0);
            const ended = running[choices.next().value % running.length] ?? "";
            states.set(ended, ended === failing ? "failed" : "passed");
          }
          throw new Error("it did not end");
        },
      ),
    );
  });

  it("starts nothing after a failure, and what needs the failed step never", () => {
    const steps = [bare("a"), bare("b"), bare("c", "a"), bare("d", "b")];
    const states = new Map<string, StepState>([
      ["a", "failed"],
      ["b", "running"],
    ]);
    expect(nextSteps(steps, states, 4)).toEqual({ start: [], skip: ["c", "d"], over: false });
  });
});

describe("upstream", () => {
  it("is everything that a step waits for, once", () => {
    const steps = [bare("a"), bare("b", "a"), bare("c", "a", "b"), bare("d", "c")];
    const known = new Map(steps.map((one) => [one.name, one]));
    expect(upstream(bare("d", "c"), known)).toEqual(["c", "a", "b"]);
  });
});
