import { createHash } from "node:crypto";
import { type App, imageName, predicateType, type Statement, statementType, verifiedRef } from "@slipway/model";
import type { Attempt, Context } from "./context.ts";
import { unlessGone } from "./docker.ts";
import { passingName } from "./image-step.ts";
import type { PipelineData } from "./pipeline.ts";

/** Signs a statement: the text exactly as signed, and a detached armored OpenPGP signature. */
export type Signer = (statement: Statement) => Promise<{ readonly json: string; readonly signature: string }>;

/** Names of the two files in a verification record. */
export const statementFile = "statement.json";
export const signatureFile = "statement.json.asc";

export const pipelineDigest = (pipeline: PipelineData): string =>
  createHash("sha256").update(JSON.stringify(pipeline)).digest("hex");

export interface Passed {
  readonly attempt: Attempt;
  readonly base: string | null;
  readonly pipeline: PipelineData;
  readonly app: App | undefined;
  readonly steps: readonly { readonly name: string; readonly seconds: number }[];
  /** Service → id of the image. */
  readonly images: ReadonlyMap<string, string>;
}

/** What is said of a commit that passed. Pure. */
export function statementOf(repository: string, passed: Passed, finishedAt: string): Statement {
  const { attempt, pipeline, steps } = passed;
  // A repository without a description builds no images; its statement describes an application without services.
  const app = passed.app ?? { name: repository, hostname: "_", services: [] };
  const images = [...passed.images].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    _type: statementType,
    subject: [
      { name: `git:${repository}`, digest: { gitCommit: attempt.candidate } },
      ...images.map(([service, id]) => ({
        name: `image:${app.name}/${service}`,
        digest: { sha256: id.replace(/^sha256:/, "") },
      })),
    ],
    predicateType,
    predicate: {
      repository,
      commit: attempt.candidate,
      tree: attempt.tree,
      pipeline: { name: pipeline.name, digest: pipelineDigest(pipeline) },
      steps: steps.map(({ name, seconds }) => ({ name, seconds })),
      app,
      images: Object.fromEntries(images),
      finishedAt,
    },
  };
}

/**
 * Makes a run that passed known, in this order: the intent is written down, images get the commit's name, the signed statement
 * is stored under refs/verified, and only then main moves, from where the run began. Gives false, with main untouched, when main
 * is no longer there. Every part can be repeated.
 */
export async function publish(context: Context, passed: Passed, sign: Signer): Promise<boolean> {
  const { docker, git, clock, repository } = context;
  const { attempt, base, app } = passed;
  const { candidate } = attempt;
  await context.record({ type: "run publishing", run: attempt.run, candidate, base });
  for (const [service, id] of passed.images) {
    const name = imageName(app?.name ?? repository.name, service, candidate);
    const colon = name.lastIndexOf(":");
    await docker.getImage(id).tag({ repo: name.slice(0, colon), tag: name.slice(colon + 1) });
  }
  const atMs = clock.now();
  const { json, signature } = await sign(statementOf(repository.name, passed, new Date(atMs).toISOString()));
  const tree = await git.storeTree({ [statementFile]: json, [signatureFile]: signature });
  const record = await git.commitTree(tree, { parents: [], message: `Verified ${candidate}\n`, atMs });
  const ref = verifiedRef(candidate);
  // A record of an attempt that was interrupted here is replaced: both say the same of the same commit.
  while (!(await git.moveRef(ref, record, (await git.resolve(ref)) ?? null)));
  return base === candidate || (await git.moveRef("refs/heads/main", candidate, base));
}

/** Takes the names away that images have while their run is not over. Images of a run that failed go with them. */
export async function dropBuilding(context: Context, run: string, pipeline: PipelineData | undefined): Promise<void> {
  for (const step of pipeline?.steps ?? []) {
    if (step.kind === "image")
      await unlessGone(context.docker.getImage(passingName(context, run, step.service)).remove({ noprune: false }));
  }
}
