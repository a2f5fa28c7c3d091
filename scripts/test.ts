import { mkdirSync, rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { abandoned, removeRuns, runName } from "./cleanup.ts";
import type { Timed } from "./reports.ts";
import { run } from "./run.ts";
import { choose, reportOf, type Step } from "./steps.ts";

/** `ops test [step | part of a file name]…`: runs everything, cleans up, ends with `N passed, N failed`. */
const root = join(import.meta.dirname, "..");
const id = runName();
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const since = (start: number): string => `${((performance.now() - start) / 1000).toFixed(1)} s`;

const stop = new AbortController();
let interrupted: NodeJS.Signals | undefined;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    interrupted ??= signal;
    stop.abort();
  });
}

const bin = [join(root, "node_modules/.bin"), dirname(process.execPath)];
const env: NodeJS.ProcessEnv = {
  ...process.env,
  CI: "true",
  SLIPWAY_RUN: id,
  NX_TUI: "false",
  PATH: [...bin, process.env["PATH"]].join(delimiter),
};

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
  readonly failures: string[];
  readonly timed: Timed[];
}
const tally: Tally = { passed: 0, failed: 0, skipped: 0, failures: [], timed: [] };

function count(name: string, problems: string): void {
  if (problems === "") tally.passed += 1;
  else {
    tally.failed += 1;
    tally.failures.push(name);
    say(problems.trimEnd());
  }
}

async function take(step: Step, filters: readonly string[]): Promise<void> {
  const deadline = AbortSignal.timeout(step.minutes * 60_000);
  const signal = AbortSignal.any([stop.signal, deadline]);
  if (step.kind === "function") {
    for (const { name, problems } of await step.check(root)) count(`${step.name} ${name}`, problems.join("\n"));
    return;
  }
  if (step.kind === "command") {
    const { status, output } = await run(step.argv, { cwd: root, env, signal, show: false });
    count(step.name, status === 0 ? "" : output || `${step.argv[0]} ended with status ${status}`);
    return;
  }
  const report = reportOf(root, step);
  const withReport = { ...env, PLAYWRIGHT_JSON_OUTPUT_NAME: report };
  const argv = step.argv(report, filters);
  const ran = await run(argv, { cwd: join(root, step.cwd ?? "."), env: withReport, signal, show: true });
  const suite = step.read(report, ran, root);
  tally.passed += suite.passed;
  tally.failed += suite.failed;
  tally.skipped += suite.skipped;
  tally.failures.push(...suite.failures.map((name) => `${step.name} ${name}`));
  tally.timed.push(...suite.timed);
  if (deadline.aborted) say(`${step.title}: stopped, since they took longer than ${step.minutes} minutes`);
}

const begun = performance.now();
rmSync(join(root, ".slipway/test"), { recursive: true, force: true });
mkdirSync(join(root, ".slipway/test"), { recursive: true });
await removeRuns(abandoned);

const chosen = choose(process.argv.slice(2));
for (const step of chosen.steps) {
  if (stop.signal.aborted) break;
  const start = performance.now();
  const before = tally.failed;
  say(`● ${step.title}`);
  try {
    await take(step, chosen.filters);
  } catch (error) {
    count(step.name, String(error));
  }
  if (!stop.signal.aborted) say(`${tally.failed === before ? "✓" : "✗"} ${step.title}  ${since(start)}`);
}

const removed = await removeRuns((run) => run === id);
if (removed > 0) say(`Removed ${removed} containers, networks and volumes that tests left.`);

const slowest = tally.timed.toSorted((a, b) => b.ms - a.ms).slice(0, 10);
if (slowest.length > 0) say("\nSlowest tests");
for (const { name, ms } of slowest) say(`${(ms / 1000).toFixed(2).padStart(8)} s  ${name}`);
if (tally.failures.length > 0) say("\nFailed");
for (const name of tally.failures) say(`  ${name}`);
if (interrupted !== undefined) say(`\nInterrupted by ${interrupted}.`);
if (tally.skipped > 0) say(`\n${tally.skipped} skipped`);
say(`\nTook ${since(begun)}`);
say(`${tally.passed} passed, ${tally.failed} failed`);
process.exitCode = interrupted === undefined ? Number(tally.failed > 0) : 130;
