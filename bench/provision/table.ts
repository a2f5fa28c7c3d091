import { availableParallelism } from "node:os";
import { median } from "../config/process.ts";
import type { CommandTimes } from "./command.ts";
import type { Large } from "./large.ts";
import { type Ours, type Phase, phases } from "./ours.ts";

export interface Measured {
  readonly machines: number;
  readonly floor: number[];
  readonly ours: Ours[];
  readonly oneByOne: number[];
  readonly parallel: number[];
}

/** From nothing to ready where machines take their time to boot, and that of no processor of ours. */
export interface Patient {
  readonly machines: number;
  readonly ours: number;
  /** Libcloud, all at once. */
  readonly parallel: number;
}

export interface Everything {
  readonly measured: readonly Measured[];
  readonly patient: readonly Patient[];
  readonly bootMs: number;
  readonly large: Large;
  readonly command: CommandTimes | undefined;
  readonly rounds: number;
  readonly before: string;
  readonly after: string;
}

const seconds = (ms: number): string => (Number.isNaN(ms) ? "" : `${(ms / 1_000).toFixed(2)} s`);
const times = (value: number, to: number): string => (Number.isNaN(value / to) ? "" : `${(value / to).toFixed(2)} x`);
const line = (...cells: readonly string[]): string =>
  `${(cells[0] ?? "").padEnd(34)}${cells
    .slice(1)
    .map((cell) => cell.padStart(12))
    .join("")}`.trimEnd();

/** Whether a figure that was asked for is kept. */
interface Verdict {
  readonly claim: string;
  readonly figure: string;
  readonly kept: boolean;
}

export function verdicts({ measured, patient, bootMs, large, command }: Everything): readonly Verdict[] {
  const ready = (machines: number): number =>
    median(measured.find((one) => one.machines === machines)?.ours.map((one) => one.reached.ready.ms) ?? []);
  const idle = median(measured.flatMap((one) => one.ours.map(({ idleMs }) => idleMs)));
  const tenToOne = ready(10) / ready(1);
  const floor = (machines: number): number => median(measured.find((one) => one.machines === machines)?.floor ?? []);
  const late = (machines: number): number => patient.find((one) => one.machines === machines)?.ours ?? Number.NaN;
  const lateToOne = late(10) / late(1);
  const all: (Verdict | undefined)[] = [
    {
      claim: `a plan of ${large.machines} machines and ${large.domains} domains (${large.records} records): ≤ 12 calls`,
      figure: `${large.calls} calls, ${large.ms.toFixed(0)} ms, ${large.changes} changes`,
      kept: large.calls <= 12 && large.changes === 0,
    },
    { claim: "a plan with nothing to do, in process: ≤ 300 ms", figure: `${idle.toFixed(0)} ms`, kept: idle <= 300 },
    command && {
      claim: `the command \`ops provision plan\`, ${command.machines} machines, nothing to do: ≤ 300 ms`,
      figure: `${command.ms.toFixed(0)} ms (in process ${idle.toFixed(0)}, ops --help ${command.helpMs.toFixed(0)}, node ${command.nodeMs.toFixed(0)}; when ops.config.ts changed ${command.changedMs.toFixed(0)})`,
      kept: command.ms <= 300,
    },
    Number.isNaN(tenToOne)
      ? undefined
      : {
          claim: "ten machines on this engine: ≤ 2 x one",
          figure: `${tenToOne.toFixed(2)} x (bare containers ${(floor(10) / floor(1)).toFixed(2)} x: they boot on ${availableParallelism()} processors)`,
          kept: tenToOne <= 2,
        },
    Number.isNaN(lateToOne)
      ? undefined
      : {
          claim: `ten machines that boot for ${bootMs / 1_000} s: ≤ 2 x one`,
          figure: `${lateToOne.toFixed(2)} x`,
          kept: lateToOne <= 2,
        },
  ];
  return all.filter((one) => one !== undefined);
}

export function rows(all: Everything): string {
  const { measured } = all;
  const patientOf = (at: number): Patient | undefined =>
    all.patient.find(({ machines }) => machines === measured[at]?.machines);
  const heads = measured.map(({ machines }) => `${machines} machine${machines === 1 ? "" : "s"}`);
  const reached = (one: Measured, phase: Phase): number => median(one.ours.map((run) => run.reached[phase].ms));
  const calls = (one: Measured, phase: Phase): number => median(one.ours.map((run) => run.reached[phase].calls));
  const floors = measured.map((one) => median(one.floor));
  const against = (name: string, values: readonly number[]): string[] => [
    line(name, ...values.map(seconds)),
    line("  to the floor", ...values.map((value, at) => times(value, floors[at] ?? Number.NaN))),
  ];
  const lines = [
    `medians of ${all.rounds} runs; load average ${all.before} before, ${all.after} after`,
    "",
    line("until the last machine is", ...heads),
    ...(["planned", ...phases] as const).map((phase) =>
      line(`  ${phase}`, ...measured.map((one) => seconds(reached(one, phase)))),
    ),
    line("HTTP calls until then", ...heads),
    ...(["planned", "created", "active", "ready"] as const).map((phase) =>
      line(`  ${phase}`, ...measured.map((one) => String(calls(one, phase)))),
    ),
    line("  of a plan, nothing to do", ...measured.map((one) => String(median(one.ours.map((run) => run.idleCalls))))),
    "",
    line("from nothing to ready", ...heads),
    line("floor: containers until sshd greets", ...floors.map(seconds)),
    ...against(
      "Slipway",
      measured.map((one) => reached(one, "ready")),
    ),
    ...against(
      "Libcloud, one by one",
      measured.map((one) => median(one.oneByOne)),
    ),
    ...against(
      "Libcloud, parallel",
      measured.map((one) => median(one.parallel)),
    ),
    line("Slipway, booting as a cloud's do", ...heads.map((_, at) => seconds(patientOf(at)?.ours ?? Number.NaN))),
    line("Libcloud, parallel, the same", ...heads.map((_, at) => seconds(patientOf(at)?.parallel ?? Number.NaN))),
    line("everything destroyed again", ...measured.map((one) => seconds(median(one.ours.map((run) => run.destroyMs))))),
    "",
    ...verdicts(all).map(({ claim, figure, kept }) => `${kept ? "kept  " : "MISSED"}  ${claim}: ${figure}`),
  ];
  return `${lines.join("\n")}\n`;
}
