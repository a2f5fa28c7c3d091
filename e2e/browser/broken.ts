import { join } from "node:path";
import { createFailingCommit } from "../../examples/ledger/history/create.ts";
import { git, ops, type Project } from "./platform.ts";
import { type CiRun, runs } from "./releases.ts";

/** The commit whose unit tests fail, on top of version 2. The same one every time. */
export const brokenCommit = ({ folder }: Project): Promise<string> =>
  createFailingCommit(join(folder, ".slipway/ledger"), "v2");

/** The run of the commit that fails; pushed now unless a former test did. */
export async function failedRun(project: Project): Promise<CiRun> {
  const commit = await brokenCommit(project);
  const of = async (): Promise<CiRun | undefined> =>
    (await runs(project)).find((run) => run.commit === commit && run.state === "failed");
  const before = await of();
  if (before !== undefined) return before;
  const pushed = await git(project, "push", "--force", "ci", `${commit}:refs/heads/review`);
  if (pushed.status !== 0) throw new Error(pushed.stderr);
  const waited = await ops(project, ["ci", "wait", commit]);
  const run = await of();
  if (run === undefined) throw new Error(`${commit} did not fail: ${waited.stderr}${waited.stdout}`);
  return run;
}
