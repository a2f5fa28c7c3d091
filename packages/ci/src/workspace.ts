import { archiveEnd, members } from "./archive.ts";
import { type Archive, removeVolumes, type VolumeMount } from "./container.ts";
import type { Attempt, Context } from "./context.ts";
import { ciModule, modelModule } from "./definitions/text.ts";
import { labelsOf } from "./docker.ts";
import { fail } from "./errors.ts";
import { stepFolder } from "./images/base.ts";
import { type TarEntry, tar } from "./images/tar.ts";
import { stepUser } from "./policy.ts";
import { git } from "./repository.ts";

/** Where a step finds the repository's files. Modules of the CI are one folder up, where Node looks next. */
export const sourceFolder = `${stepFolder}/src`;

export const homeFolder = `${stepFolder}/home`;

const file = (path: string, text: string): TarEntry => ({
  path,
  mode: 0o644,
  owner: stepUser,
  kind: "bytes",
  bytes: Buffer.from(text),
});
const folder = (path: string): TarEntry => ({ path, mode: 0o755, owner: stepUser, kind: "folder" });

const moduleFiles = (name: string, text: string): TarEntry[] => [
  folder(`node_modules/@slipway/${name}`),
  file(
    `node_modules/@slipway/${name}/package.json`,
    `{"name":"@slipway/${name}","type":"module","exports":"./index.js"}\n`,
  ),
  file(`node_modules/@slipway/${name}/index.js`, text),
];

/** The files that every workspace has beside the repository's: a home, and what a pipeline file imports. */
export const workspaceFiles = (outputs: readonly string[], more: readonly TarEntry[] = []): readonly TarEntry[] => [
  folder("home"),
  folder("node_modules"),
  folder("node_modules/@slipway"),
  ...moduleFiles("ci", ciModule),
  ...moduleFiles("model", modelModule),
  folder("src"),
  ...[...new Set(outputs.flatMap(withParents))].sort().map((path) => folder(`src/${path}`)),
  ...more,
];

/** `a/b/c` → `a`, `a/b`, `a/b/c`. */
const withParents = (path: string): string[] => {
  const parts = path.split("/");
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
};

/** The files of a tree, or only the named ones, under `src/`. Throws `ci.missing-output` when a named one is not in it. */
async function* sources(context: Context, tree: string, paths: readonly string[]): AsyncGenerator<Uint8Array> {
  const command = git(context.repository, "archive", "--format=tar", "--prefix=src/", tree, "--", ...paths);
  const process = await context.connection.spawn(command);
  process.stdin.end();
  let complaint = "";
  process.stderr.on("data", (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2000);
  });
  yield* members(process.stdout, stepUser);
  const { status } = await process.exit;
  if (status !== 0)
    throw fail("ci.missing-output", `git archive: ${complaint.trim()}`, { hint: "Correct `inputs` in pipeline.ts." });
}

async function* wholeArchive(
  context: Context,
  tree: string | undefined,
  paths: readonly string[],
  files: readonly TarEntry[],
) {
  if (tree !== undefined) yield* sources(context, tree, paths);
  yield* members(tar(files));
  yield archiveEnd();
}

/** The archive that fills a workspace's volume. Without a tree, no file of the repository is in it. */
export const workspaceArchive = (
  context: Context,
  options: {
    readonly tree?: string;
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
    readonly more?: readonly TarEntry[];
  },
): Archive => ({
  at: stepFolder,
  bytes: wholeArchive(context, options.tree, options.inputs, workspaceFiles(options.outputs, options.more)),
});

/** Makes a volume of a step's attempt and gives its name. `kind` says whether it may outlive the run. */
export async function makeVolume(
  context: Context,
  attempt: Attempt,
  volume: { readonly step: string; readonly index: number; readonly name: string; readonly kind: "work" | "output" },
): Promise<string> {
  const name = `${resourceName(context, attempt, volume.index)}-${volume.name}`;
  const labels = {
    ...labelsOf(context.repository.name, attempt.run, volume.step, attempt.number),
    "slipway.kind": volume.kind,
  };
  await context.docker.createVolume({ Name: name, Labels: labels });
  return name;
}

/** The volume of a workspace; disposing removes it, after the containers that had it. */
export async function workVolume(
  context: Context,
  attempt: Attempt,
  of: { readonly step: string; readonly index: number },
): Promise<{ readonly name: string } & AsyncDisposable> {
  const name = await makeVolume(context, attempt, { ...of, name: "work", kind: "work" });
  return { name, [Symbol.asyncDispose]: () => removeVolumes(context.docker, [name], context.clock) };
}

/** The workspace's volume in a container. */
export const workspaceMount = (volume: string): VolumeMount => ({ volume, at: stepFolder, readOnly: false });

/** Deterministic name for what a step of an attempt makes. */
export const resourceName = (context: Context, attempt: Attempt, index: number): string =>
  `slipway-ci-${context.repository.name}-${attempt.run}-${attempt.number}-${index}`;

/** Where the outputs of earlier steps are mounted. */
export const outputMounts = (outputs: ReadonlyMap<string, string>, readOnly: boolean): VolumeMount[] =>
  [...outputs].map(([path, volume]) => ({ volume, at: `${sourceFolder}/${path}`, readOnly }));
