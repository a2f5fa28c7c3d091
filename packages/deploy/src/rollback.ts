import { readFile } from "@slipway/connection/files";
import { type Connection, type Release, SlipwayError, systemClock } from "@slipway/model";
import { type DataPlan, planData } from "./data.ts";
import { streamsOf } from "./deploy.ts";
import { fail } from "./errors.ts";
import { pathsOf } from "./names.ts";
import type { Proof } from "./proof.ts";
import type { History, Known } from "./record.ts";
import { openSession, type RolloutOptions } from "./session.ts";

/** A release of the record that is to run again; unverified as long as nobody checked its statement. */
export interface Kept {
  readonly app: string;
  readonly commit: string;
  readonly repository: string;
  /** The signed statement that the host kept, if it was given one. */
  readonly proof?: Proof;
}

export interface RollbackOptions extends RolloutOptions {
  readonly app: string;
  /** Commit to go back to, or its first characters. Default: what ran before the running release. */
  readonly to?: string;
  /** Verifies the kept release: from its proof, or from the git server. Its failure refuses the rollback. */
  readonly resolve: (kept: Kept) => Promise<Release<"verified">>;
}

export interface RollbackResult {
  readonly outcome: "rolled back" | "nothing to do";
  readonly current: Known;
  readonly data: DataPlan;
  readonly sentBytes: number;
  readonly ms: number;
}

/**
 * Runs an earlier verified release again. Whether it may is decided from the versions of the events that are REALLY in the streams: when it
 * reads all of them it takes over and no event is lost; otherwise `deploy.data` (exit 5) says which events stand against it and what would
 * help. The rest is a deployment like any other.
 */
export async function rollback(options: RollbackOptions): Promise<RollbackResult> {
  const { app } = options;
  const clock = options.clock ?? systemClock;
  const from = clock.monotonic();
  await using session = await openSession(
    app,
    `rollback${options.to === undefined ? "" : ` to ${options.to}`}`,
    options,
  );
  // What is pending may be the very release to go back from.
  await session.recover(options.to ?? "");
  const kept = earlier((await session.observe()).history, app, options.to);
  const proof = await keptProof(options.connection, app, kept.deployment.commit);
  const { commit, repository } = kept.deployment;
  const release = await options.resolve({ app, commit, repository, ...(proof === undefined ? {} : { proof }) });
  if (release.commit !== commit || release.app.name !== app)
    throw fail(
      "deploy.unverified",
      `the statement is of ${release.app.name} at ${release.commit}, not of ${app} at ${commit}`,
    );
  const { all, since } = await streamsOf(session, options, release);
  const data = planData(release.app, all, since);
  if (data.kind === "refuse")
    throw fail("deploy.data", `${app} cannot go back to ${commit.slice(0, 12)}: ${data.reasons.join("; ")}`, {
      hint: data.help,
    });
  const { changed, sentBytes } = await session.bring("rollback", release);
  const { current } = (await session.observe()).history;
  if (current === undefined) throw new Error("a release runs, so the record has one");
  return { outcome: changed ? "rolled back" : "nothing to do", current, data, sentBytes, ms: clock.monotonic() - from };
}

/**
 * The release to go back to. Without `to` it is the one below the running release, as on a stack: a deployment puts its release on top, a
 * rollback takes off what is above the one it went to, so that two rollbacks go back twice and never forth.
 */
export function earlier(history: History, app: string, to?: string): Known {
  const committed = history.all.filter((one) => one.committedAt !== undefined);
  const newest = (commit: string): Known | undefined => committed.findLast((one) => one.deployment.commit === commit);
  if (to !== undefined) {
    const commits = [
      ...new Set(committed.map((one) => one.deployment.commit).filter((commit) => commit.startsWith(to))),
    ];
    if (commits.length > 1)
      throw fail("deploy.no-release", `${to} begins several releases of ${app}: ${commits.join(", ")}`);
    const known = commits[0] === undefined ? undefined : newest(commits[0]);
    if (known === undefined) throw fail("deploy.no-release", `${app} never ran ${to} here`);
    return known;
  }
  let stack: string[] = [];
  for (const { deployment } of committed) {
    const at = stack.indexOf(deployment.commit);
    if (deployment.action === "rollback" && at >= 0) stack = stack.slice(0, at + 1);
    else stack = [...stack.filter((commit) => commit !== deployment.commit), deployment.commit];
  }
  const below = stack.at(-2);
  const known = below === undefined ? undefined : newest(below);
  if (known === undefined) throw fail("deploy.no-release", `${app} has no release before the one that runs`);
  return known;
}

async function keptProof(connection: Connection, app: string, commit: string): Promise<Kept["proof"]> {
  const path = `${pathsOf(app).proofs}/${commit}.json`;
  try {
    const [statement, signature] = await Promise.all([readFile(connection, path), readFile(connection, `${path}.asc`)]);
    return { statement: statement.toString("utf8"), signature: signature.toString("utf8") };
  } catch (error) {
    if (error instanceof SlipwayError && error.code === "connection.file-missing") return undefined;
    throw error;
  }
}
