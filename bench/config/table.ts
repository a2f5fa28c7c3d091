import type { Ours } from "./contenders.ts";
import { median, type Ran } from "./process.ts";
import type { TypeTimes } from "./types.ts";

interface Measured {
  readonly hosts: number;
  readonly floor: readonly number[];
  readonly floorAlike: readonly number[];
  readonly ours: readonly Ours[];
  readonly ansible: readonly Ran[];
  readonly firstOurs: readonly number[];
  readonly firstAnsible: readonly number[];
}

interface Figures {
  readonly count: number;
  readonly rounds: number;
  readonly ansibleRounds: number;
  readonly firsts: number;
  readonly withAnsible: boolean;
  /** Load averages. */
  readonly before: string;
  readonly after: string;
  readonly measured: readonly Measured[];
  readonly types: TypeTimes | undefined;
}

const seconds = (ms: number): string => (Number.isNaN(ms) ? "-" : `${(ms / 1_000).toFixed(2)} s`);
const ratio = (value: number, floor: number): string => `${(value / floor).toFixed(2)} x`;
const verdict = (holds: boolean): string => (holds ? "ok" : "MISSED");
/** Without Ansible there is nothing to compare with. */
const against = (theirs: number, mine: number, atLeast: number): readonly string[] =>
  Number.isNaN(theirs) ? ["not run", ""] : [`${ratio(theirs, mine)} Slipway`, verdict(theirs >= atLeast * mine)];

/** One table with every ratio that is promised, and whether it was kept. Medians. */
export function rows(all: Figures): string {
  const lines: (readonly string[])[] = [];
  for (const one of all.measured) {
    const base = median(one.floor);
    const alike = median(one.floorAlike);
    const mine = median(one.ours.map((ran) => ran.ms));
    const theirs = median(one.ansible.map((ran) => ran.ms));
    const first = median(one.firstOurs);
    const firstTheirs = median(one.firstAnsible);
    const trips = Math.max(...one.ours.flatMap((ran) => ran.results.map((result) => result.roundTrips)));
    const rss = Math.max(...one.ours.map((ran) => ran.maxRssKb)) / 1_024;
    const phase = (of: keyof Ours["phases"]): number => median(one.ours.map((ran) => ran.phases[of]));
    const took = [phase("loaded"), phase("connected") - phase("loaded"), phase("configured") - phase("connected")];
    const of = `${one.hosts} host${one.hosts === 1 ? "" : "s"}`;
    lines.push(
      [of, "nothing to do: floor", seconds(base), "", ""],
      [of, "  the same with our key exchange", seconds(alike), `${ratio(mine, alike)}: Slipway`, ""],
      [of, "nothing to do: Slipway", seconds(mine), `${ratio(mine, base)} the floor`, verdict(mine <= 1.5 * base)],
      [of, "  loading, connecting, the rest", took.map((ms) => Math.round(ms)).join(" "), "ms", ""],
      [of, "  time of the processor", seconds(phase("cpu")), "", ""],
      [of, "nothing to do: Ansible", seconds(theirs), ...against(theirs, mine, 60)],
      [of, "round trips after connecting", String(trips), "at most 1", verdict(trips === 1)],
      [of, "memory of the operator", `${Math.round(rss)} MB`, "at most 250 MB", verdict(rss <= 250)],
      [of, "first application: Slipway", seconds(first), "", ""],
      [of, "first application: Ansible", seconds(firstTheirs), ...against(firstTheirs, first, 3)],
    );
  }
  if (all.types !== undefined) {
    const { first, changed, unchanged } = all.types;
    const of = "types";
    lines.push(
      [of, "20 hosts of 200 properties, first", seconds(first), "at most 2 s", verdict(first <= 2_000)],
      [of, "the same, file changed", seconds(changed), "", ""],
      [of, "the same, nothing changed", seconds(unchanged), "", ""],
    );
  }
  const head =
    `${all.count} properties a host; medians of ${all.rounds} runs (Ansible ${all.ansibleRounds}), first application ${all.firsts}; ` +
    `${all.withAnsible ? "both end states are the same; " : ""}load average ${all.before} before, ${all.after} after\n`;
  return head + lines.map((line) => `${aligned(line)}\n`).join("");
}

const aligned = ([of = "", what = "", value = "", against = "", kept = ""]: readonly string[]): string =>
  `${of.padEnd(9)}${what.padEnd(35)}${value.padStart(12)}  ${against.padEnd(18)}${kept}`.trimEnd();
