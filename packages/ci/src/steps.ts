import type { App } from "@slipway/model";
import { contentKey } from "./cache.ts";
import { removeVolumes, runContainer } from "./container.ts";
import type { Attempt, Context } from "./context.ts";
import { labelsOf, statusOf, unlessGone } from "./docker.ts";
import { fail } from "./errors.ts";
import type { StepLog } from "./log.ts";
import type { RunStep } from "./pipeline.ts";
import { stepUser } from "./policy.ts";
import type { StepOutcome } from "./records.ts";
import { startServices } from "./services.ts";
import {
  homeFolder,
  makeVolume,
  outputMounts,
  resourceName,
  sourceFolder,
  workspaceArchive,
  workspaceMount,
  workVolume,
} from "./workspace.ts";

/** What a step leaves behind. */
export interface StepResult {
  readonly outcome: StepOutcome;
  readonly key?: string;
  readonly cachedFrom?: string;
  /** Volumes of its outputs, in the order of the declaration. */
  readonly outputs?: readonly string[];
  /** Id of its image. */
  readonly image?: string;
  readonly message?: string;
}

/** What earlier steps left for one. */
export interface Upstream {
  /** Output path → volume, of all the steps it waits for. */
  readonly outputs: ReadonlyMap<string, string>;
  /** Content keys of the steps that made those. */
  readonly keys: readonly string[];
  /** Service → id of the image built in this run. */
  readonly images: ReadonlyMap<string, string>;
}

export interface StepWork<S> {
  readonly step: S;
  /** Its place in the pipeline, from 1; names what it makes. */
  readonly index: number;
  readonly attempt: Attempt;
  readonly upstream: Upstream;
  readonly app: App | undefined;
  readonly log: StepLog;
  readonly signal: AbortSignal;
}

export async function imageId(context: Context, name: string): Promise<string> {
  try {
    return (await context.docker.getImage(name).inspect()).Id;
  } catch (thrown) {
    if (statusOf(thrown) === 404) throw fail("ci.no-image", `the CI's engine has no image ${name}`, { cause: thrown });
    throw thrown;
  }
}

const volumesExist = async (context: Context, volumes: readonly string[]): Promise<boolean> => {
  for (const volume of volumes) {
    try {
      await context.docker.getVolume(volume).inspect();
    } catch (thrown) {
      if (statusOf(thrown) === 404) return false;
      throw thrown;
    }
  }
  return true;
};

/** Runs a step, or takes the result of an earlier one that saw the same. Its volumes are removed unless they are results. */
export async function runStep(context: Context, work: StepWork<RunStep>): Promise<StepResult> {
  const { step, attempt, upstream, log } = work;
  const image = await imageId(context, step.image ?? context.policy.toolchain);
  const inputs = step.inputs.length === 0 ? [attempt.tree] : await context.git.entries(attempt.tree, step.inputs);
  const platform = `${process.platform}/${process.arch}`;
  const key = contentKey({ step, imageId: image, inputs, upstream: upstream.keys, env: context.policy.env, platform });
  if (step.cache === "content") {
    const earlier = context.cached.get(key);
    if (earlier !== undefined && (await volumesExist(context, earlier.outputs))) {
      await log.note(`nothing it can see has changed since run ${earlier.run}: its result is taken`);
      return { outcome: "passed", key, cachedFrom: earlier.run, outputs: earlier.outputs };
    }
  }
  const outputs: string[] = [];
  for (const [at] of step.outputs.entries()) {
    outputs.push(
      await makeVolume(context, attempt, { step: step.name, index: work.index, name: `out${at}`, kind: "output" }),
    );
  }
  let kept = false;
  try {
    const result = await attemptStep(context, work, { image, outputs });
    kept = result.outcome === "passed";
    return kept ? { ...result, key, outputs } : result;
  } finally {
    if (!kept) await removeVolumes(context.docker, outputs, context.clock);
  }
}

async function attemptStep(
  context: Context,
  work: StepWork<RunStep>,
  made: { image: string; outputs: readonly string[] },
): Promise<StepResult> {
  const { step, attempt, upstream, log, signal } = work;
  const { docker, policy, clock } = context;
  const name = resourceName(context, attempt, work.index);
  const labels = labelsOf(context.repository.name, attempt.run, step.name, attempt.number);
  const own = new Map(step.outputs.map((path, at) => [path, made.outputs[at] ?? ""]));
  await using volume = await workVolume(context, attempt, { step: step.name, index: work.index });
  await using services = step.services.length === 0 ? undefined : await startServices(context, work, { name, labels });
  await using outside = step.network === "internet" ? await outsideNetwork(context, name, labels) : undefined;
  await log.note(`$ ${step.run.join(" ")}`);
  const ended = await runContainer(
    docker,
    {
      name,
      image: made.image,
      command: step.run,
      env: {
        HOME: homeFolder,
        CI: "true",
        ...policy.env,
        ...step.env,
        ...(services === undefined ? {} : { SLIPWAY_URL: services.url }),
      },
      workdir: sourceFolder,
      user: `${stepUser}:${stepUser}`,
      labels,
      mounts: [workspaceMount(volume.name), ...outputMounts(upstream.outputs, true), ...outputMounts(own, false)],
      network: services?.network ?? outside?.name ?? "none",
      limits: policy.limits,
    },
    {
      archives: [workspaceArchive(context, { tree: attempt.tree, inputs: step.inputs, outputs: step.outputs })],
      output: (_, bytes) => log.write(bytes),
      timeoutMs: step.timeoutMs,
      clock,
      signal,
    },
  );
  if (ended.status !== 0 || ended.timedOut) await services?.tellLogs();
  if (ended.timedOut) return { outcome: "timed out", message: `still running after ${step.timeoutMs / 1000} s` };
  if (ended.outOfMemory) return { outcome: "failed", message: `used more than ${policy.limits.memoryMb} MB of memory` };
  if (ended.status !== 0) return { outcome: "failed", message: `exit status ${ended.status}` };
  return { outcome: "passed" };
}

/** A way out for one container alone: it meets no other on the way. */
async function outsideNetwork(
  { docker }: Context,
  container: string,
  labels: Readonly<Record<string, string>>,
): Promise<{ readonly name: string } & AsyncDisposable> {
  const name = `${container}-net`;
  const alone = { "com.docker.network.bridge.enable_icc": "false" };
  await docker.createNetwork({ Name: name, Labels: { ...labels }, Options: alone });
  return { name, [Symbol.asyncDispose]: () => unlessGone(docker.getNetwork(name).remove()) };
}
