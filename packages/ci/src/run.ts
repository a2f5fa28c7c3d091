import { messageOf } from "@slipway/model";
import { candidateOf } from "./candidate.ts";
import type { Context } from "./context.ts";
import { fail, isOfPatch } from "./errors.ts";
import { evaluate } from "./evaluate.ts";
import { openLog, printable } from "./log.ts";
import { dropBuilding, pipelineDigest, publish, type Signer } from "./publish.ts";
import type { Run } from "./runs.ts";
import { runGraph } from "./schedule.ts";
import type { Described } from "./schema.ts";

interface Failure {
  readonly step: string;
  readonly message: string;
  readonly logTail?: string;
}

/**
 * Takes one run to its end: passed, with main moved; or failed, with main as it was. When main moved meanwhile the run begins
 * again on the new main. Rejects only when the CI itself fails or the signal aborts; then the run is still open, and calling
 * again begins it again.
 */
export async function takeRun(
  context: Context,
  run: Run,
  options: { readonly sign: Signer; readonly signal: AbortSignal },
): Promise<void> {
  const began = context.clock.monotonic();
  for (let attempt = run.attempt + 1; ; attempt += 1) {
    const ended = await takeAttempt(context, { run, attempt }, options);
    if (ended === "main moved") continue;
    const seconds = Math.round(context.clock.monotonic() - began) / 1000;
    if (ended === "passed") await context.record({ type: "run finished", run: run.id, state: "passed", seconds });
    else {
      await context.record({
        type: "run finished",
        run: run.id,
        state: "failed",
        seconds,
        failedStep: ended.step,
        message: printable(ended.message),
        ...(ended.logTail === undefined ? {} : { logTail: ended.logTail }),
      });
    }
    return;
  }
}

async function takeAttempt(
  context: Context,
  { run, attempt: number }: { readonly run: Run; readonly attempt: number },
  options: { readonly sign: Signer; readonly signal: AbortSignal },
): Promise<"passed" | "main moved" | Failure> {
  let found: Awaited<ReturnType<typeof candidateOf>>;
  try {
    found = await candidateOf(context.git, run);
  } catch (thrown) {
    if (isOfPatch(thrown)) return { step: "merge", message: thrown.message };
    throw thrown;
  }
  const { base, candidate, tree } = found;
  await context.record({ type: "run started", run: run.id, attempt: number, base, candidate, tree });
  if (found.alreadyIn) return "passed";
  const attempt = { run: run.id, number, candidate, tree };

  const described = await describe(context, run, { attempt, signal: options.signal });
  if ("step" in described) return described;
  const { pipeline, app } = described;
  await context.record({
    type: "pipeline read",
    run: run.id,
    pipeline: { name: pipeline.name, digest: pipelineDigest(pipeline) },
    steps: pipeline.steps.map(({ name, kind, needs }) => ({ name, kind, needs })),
  });
  try {
    const outcome = await runGraph(context, { attempt, pipeline, app, signal: options.signal });
    if (outcome.failure !== undefined) return outcome.failure;
    const published = await publish(
      context,
      { attempt, base, pipeline, app, steps: outcome.steps, images: outcome.images },
      options.sign,
    );
    return published ? "passed" : "main moved";
  } finally {
    await dropBuilding(context, run.id, pipeline);
  }
}

/** The candidate's pipeline, as far as the CI's own configuration allows it. */
async function describe(
  context: Context,
  run: Run,
  { attempt, signal }: { readonly attempt: Parameters<typeof evaluate>[1]; readonly signal: AbortSignal },
): Promise<Described | Failure> {
  const log = await openLog(
    context.connection,
    { repository: context.repository, run: run.id, step: "pipeline" },
    context.policy.maxLogBytes,
  );
  try {
    const described = await evaluate(context, attempt, { log, signal });
    const { pipeline } = described;
    const branch = run.ref.replace(/^refs\/heads\//, "");
    if (branch !== pipeline.on.push && !branch.startsWith(`${pipeline.on.push}/`)) {
      throw fail(
        "ci.pipeline-invalid",
        `the pipeline runs on pushes to ${pipeline.on.push}, and this one was to ${branch}`,
      );
    }
    const names = new Set(pipeline.steps.map((step) => step.name));
    const missing = context.policy.requiredSteps.filter((name) => !names.has(name));
    if (missing.length > 0)
      throw fail("ci.step-required", `the pipeline has no step ${missing.map((name) => `"${name}"`).join(", ")}`);
    return described;
  } catch (thrown) {
    if (!isOfPatch(thrown)) throw thrown;
    await log.note(messageOf(thrown));
    return { step: "pipeline", message: thrown.message, logTail: log.tail() };
  } finally {
    await log.close();
  }
}
