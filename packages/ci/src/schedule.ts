import type { App } from "@slipway/model";
import type { Attempt, Context } from "./context.ts";
import { isOfPatch } from "./errors.ts";
import { nextSteps, type StepState, upstream } from "./graph.ts";
import { buildImage } from "./image-step.ts";
import { openLog, type StepLog } from "./log.ts";
import type { PipelineData, StepData } from "./pipeline.ts";
import type { StepOutcome } from "./records.ts";
import { runStep, type StepResult, type Upstream } from "./steps.ts";

export interface GraphWork {
  readonly attempt: Attempt;
  readonly pipeline: PipelineData;
  readonly app: App | undefined;
  readonly signal: AbortSignal;
}

export interface GraphOutcome {
  readonly failure?: { readonly step: string; readonly message: string; readonly logTail: string };
  readonly steps: readonly { readonly name: string; readonly seconds: number }[];
  readonly images: ReadonlyMap<string, string>;
}

/**
 * Runs the steps of a pipeline, as many at once as the graph and the slots allow. The first failure cancels what runs; everything
 * has ended when this resolves. Rejects, after everything has ended, when the CI itself fails.
 */
export async function runGraph(context: Context, work: GraphWork): Promise<GraphOutcome> {
  const { pipeline, signal } = work;
  const states = new Map<string, StepState>();
  const results = new Map<string, StepResult>();
  const seconds: { name: string; seconds: number }[] = [];
  const running = new Map<string, Promise<void>>();
  const cancel = new AbortController();
  const stop = AbortSignal.any([signal, cancel.signal]);
  let failure: GraphOutcome["failure"];
  let broken: { readonly thrown: unknown } | undefined;

  const one = async (step: StepData, index: number): Promise<void> => {
    try {
      const done = await takeStep(context, work, {
        step,
        index,
        upstream: upstreamOf(step, pipeline, results),
        signal: stop,
        cancel: cancel.signal,
      });
      states.set(step.name, done.result.outcome);
      results.set(step.name, done.result);
      seconds.push({ name: step.name, seconds: done.seconds });
      if (done.result.outcome === "failed" || done.result.outcome === "timed out") {
        failure ??= { step: step.name, message: done.result.message ?? done.result.outcome, logTail: done.tail };
        cancel.abort(new Error(`"${step.name}" did not pass`));
      }
    } catch (thrown) {
      states.set(step.name, "cancelled");
      broken ??= { thrown };
      cancel.abort(thrown);
    }
  };

  for (;;) {
    const next = nextSteps(pipeline.steps, states, context.policy.slots);
    for (const name of next.skip) states.set(name, "skipped");
    for (const name of next.start) {
      const index = pipeline.steps.findIndex((step) => step.name === name);
      const step = pipeline.steps[index];
      if (step === undefined) continue;
      states.set(name, "running");
      running.set(
        name,
        one(step, index + 1).finally(() => running.delete(name)),
      );
    }
    if (running.size === 0) break;
    await Promise.race(running.values());
  }
  signal.throwIfAborted();
  if (broken !== undefined) throw broken.thrown;
  const images = new Map<string, string>();
  for (const step of pipeline.steps) {
    const image = results.get(step.name)?.image;
    if (step.kind === "image" && image !== undefined) images.set(step.service, image);
  }
  return { steps: seconds, images, ...(failure === undefined ? {} : { failure }) };
}

/** What the steps that one waits for have left for it. */
function upstreamOf(step: StepData, pipeline: PipelineData, results: ReadonlyMap<string, StepResult>): Upstream {
  const known = new Map(pipeline.steps.map((one) => [one.name, one]));
  const outputs = new Map<string, string>();
  const images = new Map<string, string>();
  const keys: string[] = [];
  for (const name of upstream(step, known)) {
    const before = known.get(name);
    const result = results.get(name);
    if (before?.kind === "image" && result?.image !== undefined) images.set(before.service, result.image);
    if (before?.kind !== "run" || before.outputs.length === 0) continue;
    if (result?.key !== undefined) keys.push(result.key);
    before.outputs.forEach((path, at) => {
      const volume = result?.outputs?.[at];
      if (volume !== undefined) outputs.set(path, volume);
    });
  }
  return { outputs, images, keys };
}

interface TakenStep {
  readonly result: StepResult;
  readonly seconds: number;
  readonly tail: string;
}

async function takeStep(
  context: Context,
  { attempt, app }: GraphWork,
  part: {
    readonly step: StepData;
    readonly index: number;
    readonly upstream: Upstream;
    readonly signal: AbortSignal;
    readonly cancel: AbortSignal;
  },
): Promise<TakenStep> {
  const { step, index, signal } = part;
  const { clock, connection, repository, policy } = context;
  const began = clock.monotonic();
  await context.record({ type: "step started", run: attempt.run, step: step.name, attempt: attempt.number });
  const log = await openLog(connection, { repository, run: attempt.run, step: step.name }, policy.maxLogBytes);
  let result: StepResult;
  try {
    const work = { index, attempt, upstream: part.upstream, app, log, signal };
    result = await (step.kind === "run" ? runStep(context, { ...work, step }) : buildImage(context, { ...work, step }));
  } catch (thrown) {
    result = await explain(thrown, log, part.cancel);
  } finally {
    await log.close();
  }
  const seconds = Math.round(clock.monotonic() - began) / 1000;
  const { outcome: state, ...more } = result;
  await context.record({
    type: "step finished",
    run: attempt.run,
    step: step.name,
    attempt: attempt.number,
    state,
    seconds,
    ...more,
  });
  return { result, seconds, tail: log.tail() };
}

/** A step that threw: cancelled by another's failure, or wrong itself. What is neither is thrown on. */
async function explain(thrown: unknown, log: StepLog, cancel: AbortSignal): Promise<StepResult> {
  if (cancel.aborted && !isOfPatch(thrown)) return { outcome: "cancelled" satisfies StepOutcome };
  if (!isOfPatch(thrown)) throw thrown;
  await log.note(thrown.message);
  return { outcome: "failed", message: thrown.message };
}
