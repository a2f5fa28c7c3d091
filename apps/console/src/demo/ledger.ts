import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { quote } from "@slipway/model";
import { fail } from "../errors.ts";
import type { Session } from "../platform/session.ts";

/** What the example's own code gives; it is found in the checkout, as it is no package. */
interface LedgerHistory {
  createLedgerRepository(
    dir: string,
    options?: { readonly sshCommand?: string },
  ): Promise<{ readonly v1: string; readonly v2: string }>;
}

export interface Ledger {
  readonly dir: string;
  readonly v1: string;
  readonly v2: string;
  push(commit: string, signal: AbortSignal): Promise<void>;
}

/** Name of the example in `ci.repositories`. */
export const exampleRepository = "ledger";

const exampleFrom = (root: string): string | undefined =>
  [join(root, "examples/ledger"), join(import.meta.dirname, "../../../../examples/ledger")].find((folder) =>
    existsSync(join(folder, "history/create.ts")),
  );

/** A developer's working copy of the ledger, whose remote `ci` is the platform's. Made when it is not there. */
export async function ledgerCopy(session: Session): Promise<Ledger> {
  const example = exampleFrom(session.project.root);
  if (example === undefined) throw fail("ops.no-example", "the ledger's sources are not here");
  const { createLedgerRepository } = (await import(
    pathToFileURL(join(example, "history/create.ts")).href
  )) as LedgerHistory;
  const dir = join(session.folder.root, exampleRepository);
  await mkdir(dir, { recursive: true });
  const { v1, v2 } = await createLedgerRepository(dir, { sshCommand: `ssh -F ${quote(session.folder.sshConfig)}` });
  const git = (args: readonly string[], signal?: AbortSignal): Promise<{ stdout: string; stderr: string }> =>
    promisify(execFile)("git", [...args], {
      cwd: dir,
      env: { ...process.env, GIT_TERMINAL_PROMPT: "0" },
      ...(signal === undefined ? {} : { signal }),
    });
  const { ci } = session.project.platform;
  if (ci !== undefined) {
    const url = `git@${ci.on.name}:${exampleRepository}.git`;
    const remotes = (await git(["remote"])).stdout.split("\n");
    // Made just now: what the demo ends with is checked out, so that `git push ci HEAD:review` goes on from there.
    if (!remotes.includes("ci")) await git(["checkout", "--quiet", "interest"]);
    await git(["remote", remotes.includes("ci") ? "set-url" : "add", "ci", url]);
  }
  return {
    dir,
    v1,
    v2,
    push: async (commit, signal) => {
      try {
        await git(["push", "--force", "ci", `${commit}:refs/heads/review`], signal);
      } catch (error) {
        const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
        throw fail("ops.push", `git push ci ${commit.slice(0, 12)}:review failed: ${said}`, { cause: error });
      }
    },
  };
}
