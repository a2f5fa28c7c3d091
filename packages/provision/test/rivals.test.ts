import { systemClock } from "@slipway/model";
import { expect, test } from "vitest";
import { yieldToOlder } from "../src/apply/rivals.ts";
import type { Run } from "../src/apply/run.ts";
import { doStep } from "../src/apply/steps.ts";
import type { Intent, Provider, SeenMachine } from "../src/index.ts";
import { made, want } from "./support/resources.ts";

const at = (id: number, second: number, more: Partial<SeenMachine> = {}): SeenMachine =>
  made("web", id, { created: `2026-01-01T00:00:0${second}Z`, ...more });

/** A run that sees these machines, and what it asked of the cloud. `answer` is what it is given for a creation. */
function runWith(machines: readonly SeenMachine[], answer?: (intent: Intent) => SeenMachine) {
  const asked: string[] = [];
  const machine = {
    create: async (_wanted: unknown, _links: unknown, intent: Intent) => answer?.(intent),
    update: async (seen: SeenMachine, to: SeenMachine) => {
      asked.push(`protect ${seen.id} ${to.protect}`);
    },
    remove: async (seen: SeenMachine) => {
      asked.push(`remove ${seen.id}`);
    },
  };
  const run: Run = {
    stack: "shop",
    provider: { makes: { machine } } as unknown as Provider,
    connect: () => Promise.reject(new Error("not reached")),
    answers: () => Promise.resolve(true),
    clock: systemClock,
    signal: new AbortController().signal,
    journal: undefined,
    tell: () => {},
    links: new Map(),
    active: async (id) => machines.find((one) => one.id === id) ?? at(Number(id), 9),
    machines: () => Promise.resolve(machines),
    chosen: new Set(),
    made: new Set(),
    replaced: new Set(),
  };
  return { run, asked };
}

test("the younger one goes, also when it is protected, and only when this run made it", async () => {
  const [old, young] = [at(1, 1), at(2, 2, { protect: true })];
  const { run, asked } = runWith([old, young]);
  await yieldToOlder("machine web", young, run);
  expect(asked).toEqual([]);
  run.made.add("2");
  await expect(yieldToOlder("machine web", young, run)).rejects.toMatchObject({ code: "plan.stale" });
  expect(asked).toEqual(["protect 2 false", "remove 2"]);
  await yieldToOlder("machine web", old, run);
  expect(asked).toHaveLength(2);
});

test("a machine that this run replaces is no rival, though lists do not tell yet that it goes", async () => {
  const { run, asked } = runWith([at(1, 1), at(2, 2)]);
  run.made.add("2");
  run.replaced.add("1");
  await yieldToOlder("machine web", at(2, 2), run);
  expect(asked).toEqual([]);
});

test("a machine that a creation was answered with, and that another operator made, is not this run's to remove", async () => {
  const step = { id: "create machine web", do: "create", ref: "machine web", fields: [], after: [] } as const;
  const about = { wanted: want("web"), seen: undefined, hostKey: undefined };
  const theirs = runWith([at(1, 1), at(2, 2)], () => at(2, 2, { intent: "another" }));
  await doStep({ ...step, monthly: 0, change: 0 }, about, theirs.run);
  expect(theirs.asked).toEqual([]);
  const own = runWith([at(1, 1), at(2, 2)], ({ id }) => at(2, 2, { intent: id }));
  await expect(doStep({ ...step, monthly: 0, change: 0 }, about, own.run)).rejects.toMatchObject({
    code: "plan.stale",
  });
  expect(own.asked).toEqual(["remove 2"]);
});
