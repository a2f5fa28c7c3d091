import { followRemote, remoteJournal } from "@slipway/journal";
import { type Clock, type Connection, systemClock, verifiedRef } from "@slipway/model";
import { fail } from "./errors.ts";
import { gitOn } from "./git.ts";
import { signatureFile, statementFile } from "./publish.ts";
import type { CiRecord } from "./records.ts";
import { asOwner, journalPath, queueFolder, type Repository } from "./repository.ts";
import { apply, type Run } from "./runs.ts";

/** All runs of a repository, oldest first, read from the CI's journal on its host. Empty before the first. */
export async function readRuns(connection: Connection, repository: Repository): Promise<readonly Run[]> {
  await using journal = await remoteJournal<CiRecord>(connection, journalPath(repository));
  const runs = new Map<string, Run>();
  for await (const entry of journal.read()) apply(runs, entry);
  return [...runs.values()];
}

/**
 * The runs, and again whenever something is written about one, until the signal aborts. The first are given at once, when there
 * are any. Throws when the connection breaks; begin again with a new one.
 */
export async function* followRuns(
  connection: Connection,
  repository: Repository,
  signal: AbortSignal,
): AsyncGenerator<readonly Run[]> {
  const runs = new Map<string, Run>();
  let seq = 0;
  {
    await using journal = await remoteJournal<CiRecord>(connection, journalPath(repository));
    for await (const entry of journal.read()) {
      apply(runs, entry);
      seq = entry.seq;
    }
  }
  if (runs.size > 0) yield [...runs.values()];
  for await (const entry of followRemote<CiRecord>(connection, journalPath(repository), seq, signal)) {
    apply(runs, entry);
    yield [...runs.values()];
  }
}

/** The newest commit of main; undefined before the first run passed. */
export const mainCommit = (connection: Connection, repository: Repository): Promise<string | undefined> =>
  gitOn(connection, repository).main();

/** Full id of a commit by a full or short id, or a branch. Throws `ci.no-commit`. */
export async function resolveCommit(connection: Connection, repository: Repository, name: string): Promise<string> {
  const commit = await gitOn(connection, repository).resolve(name);
  if (commit === undefined) throw fail("ci.no-commit", `${repository.name} has no commit ${name}`);
  return commit;
}

/** The signed record of a commit that passed, unchecked: `@slipway/trust` verifies it. Undefined when CI never passed the commit. */
export async function verifiedStatement(
  connection: Connection,
  repository: Repository,
  commit: string,
): Promise<{ readonly json: string; readonly signature: string } | undefined> {
  const git = gitOn(connection, repository);
  const json = await git.file(verifiedRef(commit), statementFile);
  const signature = await git.file(verifiedRef(commit), signatureFile);
  return json === undefined || signature === undefined ? undefined : { json, signature };
}

export interface WaitOptions {
  readonly signal: AbortSignal;
  /** Called with the run whenever it has changed. */
  readonly onEvent?: (run: Run) => void;
  readonly clock?: Clock;
  readonly everyMs?: number;
  /** The run must appear within this time. Default 30 s. */
  readonly appearMs?: number;
}

/** The newest run of a pushed commit, once it has ended. Throws `ci.no-run` when none appears. */
export async function waitForRun(
  connection: Connection,
  repository: Repository,
  commit: string,
  options: WaitOptions,
): Promise<Run> {
  const { signal, clock = systemClock, everyMs = 500, appearMs = 30_000 } = options;
  const until = clock.monotonic() + appearMs;
  let told = "";
  for (;;) {
    signal.throwIfAborted();
    const run = (await readRuns(connection, repository)).findLast((one) => one.commit === commit);
    if (run === undefined && clock.monotonic() > until) {
      throw fail("ci.no-run", `no run of ${commit.slice(0, 12)} appeared within ${appearMs / 1000} s`);
    }
    if (run !== undefined) {
      const now = JSON.stringify(run);
      if (now !== told) options.onEvent?.(run);
      told = now;
      if (run.finishedAt !== undefined) return run;
    }
    await clock.sleep(everyMs, signal);
  }
}

/**
 * Asks for one more run of a commit, as after a failure that was not its own. The request is on the disk when this resolves.
 * Throws `ci.no-commit`.
 */
export async function runAgain(
  connection: Connection,
  repository: Repository,
  name: string,
  clock: Clock = systemClock,
): Promise<void> {
  const commit = await resolveCommit(connection, repository, name);
  const request = JSON.stringify({ ref: "refs/heads/review", old: commit, new: commit, at: clock.now(), again: true });
  const write = 'cd "$1" && cat >".again.$2" && sync ".again.$2" && mv ".again.$2" "$(date +%s%N)-$2.json" && sync .';
  const command = asOwner(repository, ["sh", "-c", `mkdir -p "$1" && ${write}`, "sh", queueFolder(repository), commit]);
  const { status, stderr } = await connection.exec(command, { stdin: request, timeoutMs: 30_000 });
  if (status !== 0) throw fail("ci.git", `the request could not be written: ${stderr.trim()}`);
}
