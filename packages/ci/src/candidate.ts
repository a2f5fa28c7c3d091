import { fail } from "./errors.ts";
import type { Git } from "./git.ts";
import type { Run } from "./runs.ts";

/** The commit to test for a run: what main becomes if it passes. */
export interface Candidate {
  /** Main now; null when it does not exist. */
  readonly base: string | null;
  readonly candidate: string;
  readonly tree: string;
  /** True when main has the commit already, below its newest. */
  readonly alreadyIn: boolean;
}

/**
 * The pushed commit on current main: itself where main can be fast-forwarded, else a merge. The merge is dated by the push, so
 * the same run on the same main makes the same commit again. Throws `ci.conflict` naming the files.
 */
export async function candidateOf(git: Git, run: Run): Promise<Candidate> {
  const base = (await git.main()) ?? null;
  const pushed = await git.info(run.commit);
  if (base === null || base === run.commit || (await git.isAncestor(base, run.commit))) {
    return { base, candidate: run.commit, tree: pushed.tree, alreadyIn: false };
  }
  if (await git.isAncestor(run.commit, base))
    return { base, candidate: run.commit, tree: pushed.tree, alreadyIn: true };
  const merged = await git.mergeTree(base, run.commit);
  if ("conflicts" in merged) throw fail("ci.conflict", `it conflicts with main in ${merged.conflicts.join(", ")}`);
  const message = `Merge ${run.commit.slice(0, 12)}: ${run.subject}\n`;
  const candidate = await git.commitTree(merged.tree, { parents: [base, run.commit], message, atMs: run.queuedAt });
  return { base, candidate, tree: merged.tree, alreadyIn: false };
}
