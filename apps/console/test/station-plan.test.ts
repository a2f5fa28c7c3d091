import fc from "fast-check";
import { expect, test } from "vitest";
import {
  planStations,
  type SeenStation,
  type StationSpec,
  type StationStep,
  stationDigest,
} from "../src/station/plan.ts";

const spec = (name: `slipway-${string}`, depends = "1"): StationSpec => ({
  name,
  image: "sha256:a",
  command: ["node", "/app/station.mjs"],
  mounts: [],
  depends,
});

/** What the engine holds after a step. */
const after = (seen: readonly SeenStation[], step: StationStep): readonly SeenStation[] => {
  if (step.do === "remove") return seen.filter((one) => one.id !== step.id);
  if (step.do === "start") return seen.map((one) => (one.id === step.id ? { ...one, running: true } : one));
  if (seen.some((one) => one.name === step.spec.name)) throw new Error("the engine refuses a name that is taken");
  return [...seen, { id: `new-${step.spec.name}`, name: step.spec.name, digest: step.digest, running: true }];
};

test("nothing to do when each wanted station runs as specified", () => {
  const wanted = spec("slipway-ci");
  expect(
    planStations([wanted], [{ id: "1", name: wanted.name, digest: stationDigest(wanted), running: true }]),
  ).toEqual([]);
});

test("a changed configuration replaces the container, a stopped one is started", () => {
  const wanted = spec("slipway-ci", "2");
  expect(
    planStations(
      [wanted],
      [{ id: "1", name: wanted.name, digest: stationDigest(spec("slipway-ci")), running: true }],
    ).map((step) => step.do),
  ).toEqual(["remove", "create"]);
  expect(
    planStations([wanted], [{ id: "1", name: wanted.name, digest: stationDigest(wanted), running: false }]),
  ).toEqual([{ do: "start", id: "1", name: wanted.name }]);
});

test("from any state, stopped after any step, planning again ends with exactly the wanted stations running", () => {
  const names = ["slipway-ci", "slipway-monitor", "slipway-old"] as const;
  const seenStation = fc.record({
    name: fc.constantFrom(...names),
    depends: fc.constantFrom("1", "2"),
    running: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(seenStation, { selector: (one) => one.name }),
      fc.nat({ max: 4 }),
      (before, crashAfter) => {
        const wanted = [spec("slipway-ci"), spec("slipway-monitor")];
        let seen: readonly SeenStation[] = before.map((one, index) => ({
          id: String(index),
          name: one.name,
          digest: stationDigest(spec(one.name, one.depends)),
          running: one.running,
        }));
        seen = planStations(wanted, seen).slice(0, crashAfter).reduce(after, seen);
        seen = planStations(wanted, seen).reduce(after, seen);
        expect(new Set(seen.map((one) => [one.name, one.digest, one.running].join()))).toEqual(
          new Set(wanted.map((one) => [one.name, stationDigest(one), true].join())),
        );
        expect(planStations(wanted, seen)).toEqual([]);
      },
    ),
  );
});
