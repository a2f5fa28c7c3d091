import { runContainer } from "./container.ts";
import type { Attempt, Context } from "./context.ts";
import { labelsOf } from "./docker.ts";
import { fail } from "./errors.ts";
import { stepFolder } from "./images/base.ts";
import type { StepLog } from "./log.ts";
import { stepUser } from "./policy.ts";
import { type Described, maxDescriptionBytes, parseDescription } from "./schema.ts";
import { homeFolder, resourceName, sourceFolder, workspaceArchive, workspaceMount, workVolume } from "./workspace.ts";

const timeoutMs = 30_000;
const evaluatorFile = "evaluate.mjs";

/** Runs inside the container: imports the files and prints what they export, and nothing that they print themselves. */
const evaluator = `
import { access } from "node:fs/promises";
const print = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);
const read = async (name) => {
  const file = "${sourceFolder}/" + name + ".ts";
  const all = await import(file);
  const found = all.default ?? all[name];
  if (found === undefined) throw new Error(name + ".ts exports neither default nor " + name);
  return found;
};
const there = (file) => access(file).then(() => true, () => false);
const pipeline = await read("pipeline");
const app = (await there("${sourceFolder}/app.ts")) ? await read("app") : undefined;
print(JSON.stringify({ pipeline, app }), () => process.exit(0));
`;

/**
 * Reads a candidate's pipeline by running its file: code of a patch, so in a container without network, secrets or engine, for
 * 30 s at most. What it prints is parsed as hostile text. Failures of the patch are `ci.pipeline-unreadable` and `ci.pipeline-invalid`.
 */
export async function evaluate(
  context: Context,
  attempt: Attempt,
  options: { readonly log: StepLog; readonly signal: AbortSignal },
): Promise<Described> {
  const { docker, policy, clock } = context;
  await using volume = await workVolume(context, attempt, { step: "pipeline", index: 0 });
  let printed = Buffer.alloc(0);
  const ended = await runContainer(
    docker,
    {
      name: resourceName(context, attempt, 0),
      image: policy.toolchain,
      command: ["node", "--disable-warning=ExperimentalWarning", `${stepFolder}/${evaluatorFile}`],
      env: { HOME: homeFolder, NO_COLOR: "1" },
      workdir: sourceFolder,
      user: `${stepUser}:${stepUser}`,
      labels: labelsOf(context.repository.name, attempt.run, "pipeline", attempt.number),
      mounts: [workspaceMount(volume.name)],
      network: "none",
      limits: { ...policy.limits, memoryMb: Math.min(512, policy.limits.memoryMb), processes: 64 },
    },
    {
      archives: [
        workspaceArchive(context, {
          tree: attempt.tree,
          inputs: [],
          outputs: [],
          more: [{ path: evaluatorFile, kind: "bytes", mode: 0o644, owner: stepUser, bytes: Buffer.from(evaluator) }],
        }),
      ],
      output: async (stream, bytes) => {
        if (stream !== 1) await options.log.write(bytes);
        else if (printed.length <= maxDescriptionBytes) printed = Buffer.concat([printed, bytes]);
      },
      timeoutMs,
      clock,
      signal: options.signal,
    },
  );
  if (ended.timedOut) throw fail("ci.pipeline-unreadable", `pipeline.ts was still running after ${timeoutMs / 1000} s`);
  if (ended.status !== 0) throw fail("ci.pipeline-unreadable", "pipeline.ts could not be read");
  return await parseDescription(printed.toString("utf8"));
}
