import { printable, type Run, readLog, readRuns, resolveCommit, waitForRun } from "@slipway/ci";
import { exitCodes, formatMs } from "@slipway/model";
import type { Context } from "../cli/context.ts";
import { fail } from "../errors.ts";
import { ciOf } from "../platform/ci.ts";
import { openSession } from "../platform/session.ts";

const row = (run: Run): string =>
  [
    run.id.padStart(4),
    (run.failedStep === undefined ? run.state : `failed: ${run.failedStep}`).padEnd(20),
    run.commit.slice(0, 10),
    (run.seconds === undefined ? "" : formatMs(run.seconds * 1_000)).padStart(10),
    run.subject,
  ].join("  ");

export async function listRuns(context: Context): Promise<number> {
  await using session = await openSession(context);
  const { connection, repository } = await ciOf(session);
  const runs = (await readRuns(connection, repository)).toReversed();
  context.out.result(runs.length === 0 ? "No run yet: git push ci HEAD:review" : runs.map(row).join("\n"), {
    ok: true,
    repository: repository.name,
    runs,
  });
  return exitCodes.done;
}

/** The step whose log tells most: what failed, what runs, or what ran last. */
const tellingStep = (run: Run): string | undefined =>
  run.failedStep ??
  run.steps.find((step) => step.state === "running")?.name ??
  run.steps.findLast((step) => step.seconds !== undefined)?.name;

export async function showLog(
  context: Context,
  options: { readonly run: string; readonly step?: string },
): Promise<number> {
  await using session = await openSession(context);
  const { connection, repository } = await ciOf(session);
  const run = (await readRuns(connection, repository)).find((one) => one.id === options.run);
  if (run === undefined) throw fail("ops.no-run", `${repository.name} has no run ${options.run}`);
  const step = options.step ?? tellingStep(run);
  if (step === undefined) throw fail("ops.no-run", `run ${run.id} has no step that began`);
  const steps = run.steps.map((one) => one.name);
  if (!steps.includes(step))
    throw fail("ops.no-run", `run ${run.id} has no step ${step}; its steps: ${steps.join(", ")}`);
  const parts: Uint8Array[] = [];
  for (let fromByte = 0; ; ) {
    const { bytes } = await readLog(connection, { repository, run: run.id, step }, { fromByte });
    if (bytes.length === 0) break;
    parts.push(bytes);
    fromByte += bytes.length;
  }
  const log = Buffer.concat(parts).toString("utf8");
  // A terminal that a log writes to may be told to do things; a file or a pipe gets the bytes as they are.
  context.out.result(process.stdout.isTTY ? printable(log) : log, { ok: true, run: run.id, step, log });
  return exitCodes.done;
}

/** Says what happens to a run, a line for each step that ended. */
export function runTeller(say: (kind: "ok" | "bad" | "note", line: string) => void): (run: Run) => void {
  const told = new Set<string>();
  return (run) => {
    for (const step of run.steps) {
      const key = `${run.attempt} ${step.name} ${step.state}`;
      if (told.has(key) || step.seconds === undefined) continue;
      told.add(key);
      say(
        step.state === "passed" ? "ok" : "bad",
        `${step.name} ${step.cachedFrom === undefined ? step.state : "taken from the cache"} (${formatMs(step.seconds * 1_000)})`,
      );
    }
  };
}

export async function waitFor(context: Context, options: { readonly commit: string }): Promise<number> {
  await using session = await openSession(context);
  const { connection, repository } = await ciOf(session);
  const commit = await resolveCommit(connection, repository, options.commit);
  const run = await waitForRun(connection, repository, commit, {
    signal: context.signal,
    clock: context.clock,
    onEvent: runTeller(context.out.mark),
  });
  const text =
    run.state === "passed"
      ? `${commit} is verified`
      : `${commit} failed at ${run.failedStep ?? "the pipeline"}: ${run.message ?? ""}\n${run.logTail ?? ""}`;
  context.out.result(text, { ok: run.state === "passed", run });
  return run.state === "passed" ? exitCodes.done : exitCodes.failed;
}
