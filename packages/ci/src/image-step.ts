import { Readable } from "node:stream";
import type { App } from "@slipway/model";
import { joined, members } from "./archive.ts";
import { createContainer, removeContainer } from "./container.ts";
import type { Context } from "./context.ts";
import { labelsOf, statusOf } from "./docker.ts";
import { fail } from "./errors.ts";
import { tar } from "./images/tar.ts";
import type { ImageStep } from "./pipeline.ts";
import { imageId, type StepResult, type StepWork } from "./steps.ts";
import { outputMounts, resourceName, sourceFolder, workspaceArchive, workspaceMount, workVolume } from "./workspace.ts";

const basename = (path: string): string => path.replace(/\/+$/, "").split("/").at(-1) ?? path;

/** A value between double quotes in a Dockerfile. */
const quoted = (text: string): string => `"${text.replaceAll(/["\\$]/g, "\\$&")}"`;

/** The recipe of an image: only data of the pipeline, quoted; no command of the patch runs while it is built. */
export function dockerfile(step: ImageStep, base: string): string {
  return [
    `FROM ${base}`,
    ...step.copy.map(({ from, to }) => `COPY ${JSON.stringify([basename(from), to])}`),
    ...Object.entries(step.env).map(([name, value]) => `ENV ${name}=${quoted(value)}`),
    `USER ${step.user}`,
    // It also takes the base's CMD away.
    `ENTRYPOINT ${JSON.stringify(step.entry)}`,
    "",
  ].join("\n");
}

/** What the names of a repository's unfinished images begin with. */
export const passingPrefix = (repository: { readonly name: string }): string =>
  `slipway-ci/${repository.name.toLowerCase()}/`;

/** Name of an image while its run is not over. */
export const passingName = (context: Context, run: string, service: string): string =>
  `${passingPrefix(context.repository)}${run}-${service}:building`;

/** Labels of a service's image, by which deployment and people know what it is. */
export const imageLabels = (
  context: Context,
  work: { app: App; service: string; commit: string },
): Record<string, string> => ({
  "slipway.app": JSON.stringify(work.app),
  "slipway.service": work.service,
  "slipway.commit": work.commit,
  "slipway.repository": context.repository.name,
});

/** Builds a service's image on the CI's engine from files of the workspace. The context never leaves the engine's host but through here. */
export async function buildImage(context: Context, work: StepWork<ImageStep>): Promise<StepResult> {
  const { step, attempt, upstream, app, log } = work;
  const { docker, policy } = context;
  if (app?.services.some((service) => service.name === step.service) !== true) {
    throw fail(
      "ci.pipeline-invalid",
      `app.ts describes no service "${step.service}", whose image "${step.name}" makes`,
    );
  }
  const names = step.copy.map(({ from }) => basename(from));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw fail("ci.pipeline-invalid", `"${step.name}" copies two things called "${twice}"; name their folder instead`);
  const base = step.from === "node" ? policy.node : step.from;
  await imageId(context, base);

  const made = (path: string): boolean =>
    [...upstream.outputs.keys()].some((output) => path === output || path.startsWith(`${output}/`));
  const inputs = step.copy.map(({ from }) => from).filter((path) => !made(path));
  await using volume = await workVolume(context, attempt, { step: step.name, index: work.index });
  // A container that is never started: the engine reads files out of its volumes.
  const shelf = await createContainer(
    docker,
    {
      name: resourceName(context, attempt, work.index),
      image: base,
      command: ["true"],
      env: {},
      labels: labelsOf(context.repository.name, attempt.run, step.name, attempt.number),
      mounts: [workspaceMount(volume.name), ...outputMounts(upstream.outputs, true)],
      network: "none",
      limits: policy.limits,
    },
    [workspaceArchive(context, { ...(inputs.length === 0 ? {} : { tree: attempt.tree }), inputs, outputs: [] })],
  );
  await using _ = { [Symbol.asyncDispose]: () => removeContainer(docker, shelf.id) };
  const parts: AsyncIterable<Uint8Array>[] = [];
  for (const { from } of step.copy) {
    const stream = await shelf.getArchive({ path: `${sourceFolder}/${from}` }).catch((thrown: unknown) => {
      if (statusOf(thrown) !== 404) throw thrown;
      throw fail(
        "ci.missing-output",
        `"${step.name}" copies "${from}", which no needed step made and which is not in the repository`,
      );
    });
    parts.push(members(stream as unknown as AsyncIterable<Uint8Array>, 0));
  }
  const recipe = dockerfile(step, base);
  await log.note(recipe);
  parts.push(members(tar([{ path: "Dockerfile", kind: "bytes", mode: 0o644, bytes: Buffer.from(recipe) }])));
  const answer = await docker.buildImage(Readable.from(joined(...parts)), {
    t: passingName(context, attempt.run, step.service),
    labels: imageLabels(context, { app, service: step.service, commit: attempt.candidate }),
    networkmode: "none",
    rm: true,
    forcerm: true,
    abortSignal: work.signal,
  });
  await tellBuild(answer, log);
  const image = await imageId(context, passingName(context, attempt.run, step.service));
  await log.note(image);
  return { outcome: "passed", image };
}

/** The engine answers 200 and tells failures in the stream. */
async function tellBuild(answer: NodeJS.ReadableStream, log: StepLogLike): Promise<void> {
  let held = "";
  for await (const chunk of answer) {
    const lines = (held + String(chunk)).split("\n");
    held = lines.pop() ?? "";
    for (const line of lines.filter((one) => one.trim() !== "")) {
      const { stream, error } = JSON.parse(line) as { stream?: string; error?: string };
      if (stream !== undefined) await log.write(Buffer.from(stream));
      if (error !== undefined) throw fail("ci.step-failed", `the engine could not build the image: ${error}`);
    }
  }
}

type StepLogLike = Pick<StepWork<ImageStep>["log"], "write">;
