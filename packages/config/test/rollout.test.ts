import fc from "fast-check";
import { expect, test } from "vitest";
import {
  advance,
  nextStep,
  type Rollout,
  type RolloutEvent,
  type RolloutOptions,
  rolloutOf,
} from "../src/fleet/rollout.ts";
import { countOf, type Share, waves } from "../src/fleet/waves.ts";

const names = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `h${index + 1}`);

test("waves: canaries first, then batches, in the order of the hosts", () => {
  const five = names(5);
  const sizes = (options: RolloutOptions) => waves(five, options).map((wave) => [wave.canary, wave.hosts.length]);
  expect(sizes({})).toEqual([[false, 5]]);
  expect(sizes({ atOnce: 2 })).toEqual([[false, 2], [false, 2], [false, 1]]); // biome-ignore format: a table
  expect(sizes({ atOnce: "50%" })).toEqual([[false, 2], [false, 2], [false, 1]]); // biome-ignore format: a table
  expect(sizes({ atOnce: "1%" })).toHaveLength(5);
  expect(sizes({ canary: 1 })).toEqual([[true, 1], [false, 4]]); // biome-ignore format: a table
  expect(sizes({ canary: 3, atOnce: 2 })).toEqual([[true, 2], [true, 1], [false, 2]]); // biome-ignore format: a table
  expect(sizes({ canary: 9 })).toEqual([[true, 5]]);
  expect(waves([], { atOnce: 2 })).toEqual([]);
});

test("what is no number of hosts is refused", () => {
  for (const share of [0, -1, 1.5, Number.NaN, "0%", "101%", "x%", "-5%", "%"] as Share[])
    expect(() => countOf(share, 10, "up"), String(share)).toThrow("is no number of hosts");
  expect(countOf("20%", 3, "up")).toBe(1);
  expect(countOf("34%", 3, "up")).toBe(2);
});

interface Told {
  readonly rollout: Rollout;
  /** Every state that was passed, with what was done then. */
  readonly history: readonly { readonly before: Rollout; readonly event: RolloutEvent }[];
}

/** Runs a rollout whose hosts fail as `fails` says, in an order that `pick` chooses. */
function simulate(
  hosts: readonly string[],
  options: RolloutOptions,
  how: {
    readonly fails: (host: string, when: "applied" | "judged") => boolean;
    readonly pick: (count: number) => number;
    readonly interruptAt?: number;
  },
): Told {
  let rollout = rolloutOf(hosts, options);
  const history: { before: Rollout; event: RolloutEvent }[] = [];
  const happens = (event: RolloutEvent): void => {
    history.push({ before: rollout, event });
    rollout = advance(rollout, event);
  };
  for (let turn = 0; ; turn += 1) {
    if (turn > hosts.length * 4 + 2) throw new Error("it does not end");
    if (turn === how.interruptAt) happens({ type: "interrupted" });
    const { begin, judge, over } = nextStep(rollout);
    if (over) return { rollout, history };
    for (const host of begin) happens({ type: "began", host });
    for (const host of judge) happens({ type: "judging", host });
    const open = [...rollout.stages].filter(([, stage]) => stage === "running" || stage === "judging");
    const chosen = open[how.pick(open.length)];
    if (chosen === undefined) throw new Error("nothing goes on and it is not over");
    const [host, stage] = chosen;
    const type = stage === "running" ? "applied" : "judged";
    happens({ type, host, ok: !how.fails(host, type) });
  }
}

const share = fc.oneof(
  fc.integer({ min: 1, max: 12 }),
  fc.integer({ min: 1, max: 100 }).map((n) => `${n}%` as const),
);
const optionsOf = fc.record(
  { canary: fc.integer({ min: 1, max: 4 }), atOnce: share, giveUpAfter: share },
  { requiredKeys: [] },
);

test("under any failures: nothing begins after it gave up, batches do not overlap, every host ends as it should", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 45 }),
      optionsOf,
      fc.infiniteStream(fc.nat({ max: 99 })),
      fc.integer({ min: 0, max: 40 }),
      fc.option(fc.nat({ max: 60 }), { nil: undefined }),
      (count, options, numbers, percentFailing, interruptAt) => {
        const hosts = names(count);
        const draw = (): number => numbers.next().value ?? 0;
        const verdicts = new Map<string, boolean>();
        const fails = (host: string, when: string): boolean => {
          const bad = draw() < percentFailing;
          verdicts.set(`${host} ${when}`, bad);
          return bad;
        };
        const { rollout, history } = simulate(hosts, options, {
          fails,
          pick: (open) => draw() % Math.max(1, open),
          ...(interruptAt === undefined ? {} : { interruptAt }),
        });
        const rolling = options.atOnce !== undefined || options.canary !== undefined;
        const waveOf = (host: string): number => rollout.waves.findIndex((wave) => wave.hosts.includes(host));
        const atOnce = options.atOnce === undefined ? 20 : countOf(options.atOnce, count, "down");
        for (const { before, event } of history) {
          if (event.type !== "began") continue;
          const stages = [...before.stages];
          const running = stages.filter(([, stage]) => stage === "running").length;
          const earlier = stages.filter(([host]) => waveOf(host) < waveOf(event.host));
          const over = earlier.every(([, stage]) => stage === "done" || stage === "failed");
          // One assertion for all: there are many events.
          if (before.gaveUp !== undefined || running >= atOnce || !over) expect({ event, before }).toBeUndefined();
        }
        const failed = hosts.filter((host) => verdicts.get(`${host} applied`) || verdicts.get(`${host} judged`));
        for (const [host, stage] of rollout.stages) {
          if (failed.includes(host)) expect(stage).toBe("failed");
          else expect(["done", "waiting"]).toContain(stage);
          if (stage === "waiting") expect(rollout.gaveUp).toBeDefined();
        }
        const canaries = new Set(rollout.waves.filter((wave) => wave.canary).flatMap((wave) => wave.hosts));
        const begun = hosts.filter((host) => rollout.stages.get(host) !== "waiting");
        // A canary that failed keeps everything that comes after it from beginning.
        if (failed.some((host) => canaries.has(host)) && canaries.size < count)
          expect(begun.every((host) => canaries.has(host))).toBe(true);
        if (interruptAt === undefined) {
          if (options.giveUpAfter !== undefined) {
            const most = countOf(options.giveUpAfter, count, "up");
            // Those that were running when it gave up may fail too, no more.
            expect(failed.length).toBeLessThan(most + (rolling ? Math.max(atOnce, 1) : 20));
            if (failed.length < most && canaries.size === 0) expect(begun).toHaveLength(count);
          } else if (!rolling) expect(begun).toHaveLength(count);
        }
        if (failed.length === 0 && interruptAt === undefined) expect(rollout.gaveUp).toBeUndefined();
      },
    ),
    { numRuns: 600 },
  );
});

const ending = (hosts: number, options: RolloutOptions, ...bad: readonly string[]) => {
  const { rollout } = simulate(names(hosts), options, { fails: (host) => bad.includes(host), pick: () => 0 });
  return [rollout.gaveUp, [...rollout.stages.values()].join(" ")];
};

test("why it gives up", () => {
  expect(ending(4, {}, "h1", "h2", "h3")).toEqual([undefined, "failed failed failed done"]);
  expect(ending(3, { canary: 1 }, "h1")).toEqual(["the canary h1 failed", "failed waiting waiting"]);
  expect(ending(3, { canary: 1 }, "h2")).toEqual([undefined, "done failed done"]);
  expect(ending(4, { atOnce: 2 }, "h1", "h2")).toEqual([
    "all 2 hosts of a batch failed",
    "failed failed waiting waiting",
  ]);
  expect(ending(4, { atOnce: 2 }, "h1", "h3")).toEqual([undefined, "failed done failed done"]);
  expect(ending(3, { atOnce: 1 }, "h2")).toEqual(["h2 failed", "done failed waiting"]);
  expect(ending(4, { atOnce: 1, giveUpAfter: 2 }, "h1", "h2")).toEqual([
    "2 of 4 hosts failed",
    "failed failed waiting waiting",
  ]);
  expect(ending(4, { atOnce: 1, giveUpAfter: "25%" }, "h2")).toEqual([
    "1 of 4 hosts failed",
    "done failed waiting waiting",
  ]);
  // Nothing is left to give up.
  expect(ending(2, { atOnce: 1 }, "h2")).toEqual([undefined, "done failed"]);
});
