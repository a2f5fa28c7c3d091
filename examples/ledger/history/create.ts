import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { git } from "./git.ts";

/** What of this folder is the team's repository. The rest (`history/`) makes it. */
const contents = [
  ".gitignore",
  "README.md",
  "app.ts",
  "e2e",
  "package.json",
  "pipeline.ts",
  "pnpm-lock.yaml",
  "pnpm-workspace.yaml",
  "src",
  "tests",
  "tsconfig.json",
];

const here = new URL(".", import.meta.url).pathname;

export interface LedgerRepositoryOptions {
  /** Where `origin` is: `ssh://git@host/srv/git/ledger.git`. */
  readonly remote?: string;
  /** How git reaches it: `ssh -F …`. Kept in the repository's configuration. */
  readonly sshCommand?: string;
}

export interface LedgerHistory {
  /** Commit of version 1, which the branch `main` starts at. */
  readonly v1: string;
  /** Commit of version 2, on top of it: the branch `interest`. */
  readonly v2: string;
}

/**
 * Makes the ledger's git repository in `dir`: version 1 on `main`, checked out, and version 2 on `interest`; tags `v1`, `v2`.
 * The commits' ids are the same on every machine. Idempotent: a repository that has both tags only gets the remote.
 */
export const createLedgerRepository = async (
  dir: string,
  { remote, sshCommand }: LedgerRepositoryOptions = {},
): Promise<LedgerHistory> => {
  const existing = await historyOf(dir);
  if (existing === undefined) await create(dir);
  if (sshCommand !== undefined) await git(dir, ["config", "core.sshCommand", sshCommand]);
  if (remote !== undefined) {
    const remotes = (await git(dir, ["remote"])).split("\n");
    await git(dir, ["remote", remotes.includes("origin") ? "set-url" : "add", "origin", remote]);
  }
  const history = existing ?? (await historyOf(dir));
  if (history === undefined) throw new Error(`the repository in ${dir} has no versions`);
  return history;
};

const historyOf = async (dir: string): Promise<LedgerHistory | undefined> => {
  try {
    // Its own repository, not one that the folder happens to lie in.
    if ((await git(dir, ["rev-parse", "--show-cdup"])) !== "") return undefined;
    const commit = (tag: string) => git(dir, ["rev-parse", "--verify", "--quiet", `refs/tags/${tag}^{commit}`]);
    return existsSync(join(dir, ".git", "unfinished")) ? undefined : { v1: await commit("v1"), v2: await commit("v2") };
  } catch {
    return undefined;
  }
};

const create = async (dir: string): Promise<void> => {
  await mkdir(dir, { recursive: true });
  const unfinished = join(dir, ".git", "unfinished");
  const present = await readdir(dir);
  // What an interrupted attempt left is made again; somebody's files are not touched.
  if (present.length > 0 && !existsSync(unfinished)) throw new Error(`${dir} is not empty and not the ledger's`);
  for (const name of present.filter((one) => one !== ".git")) await rm(join(dir, name), { recursive: true });
  await mkdir(join(dir, ".git"), { recursive: true });
  await writeFile(unfinished, "");
  for (const name of (await readdir(join(dir, ".git"))).filter((one) => one !== "unfinished")) {
    await rm(join(dir, ".git", name), { recursive: true });
  }
  await git(dir, ["init", "--quiet", "--initial-branch=main", "--template="]);
  for (const name of contents) await cp(join(here, "..", name), join(dir, name), { recursive: true });
  await git(dir, ["config", "user.name", "The Ledger team"]);
  await git(dir, ["config", "user.email", "team@ledger.example"]);
  await git(dir, ["add", "--all"]);
  await git(dir, ["commit", "--quiet", "--message=Ledger 1: loans and repayments"]);
  await git(dir, ["checkout", "--quiet", "-b", "interest"]);
  const patches = (await readdir(here)).filter((name) => name.endsWith(".patch")).sort();
  await git(dir, ["am", "--quiet", "--committer-date-is-author-date", ...patches.map((name) => join(here, name))]);
  await git(dir, ["checkout", "--quiet", "main"]);
  // The tags come last: they say that everything is there.
  await git(dir, ["tag", "v1", "main"]);
  await git(dir, ["tag", "v2", "interest"]);
  await rm(unfinished);
};

/**
 * Adds a commit whose unit tests fail (a repayment makes the debt larger) on top of `onto`, as the branch `broken`, and gives
 * its id. The working tree stays as it is. Same id every time for the same `onto`.
 */
export const createFailingCommit = async (dir: string, onto = "HEAD"): Promise<string> => {
  const index = await mkdtemp(join(tmpdir(), "ledger-index-"));
  try {
    const env = { GIT_INDEX_FILE: join(index, "index") };
    const path = "src/core/ledger.ts";
    const source = await git(dir, ["show", `${onto}:${path}`]);
    const wrong = source.replace("loan.outstanding - event.data.amount", "loan.outstanding + event.data.amount");
    if (wrong === source) throw new Error(`${path} of ${onto} has no repayment to break`);
    await writeFile(join(index, "ledger.ts"), `${wrong}\n`);
    const blob = await git(dir, ["hash-object", "-w", join(index, "ledger.ts")]);
    await git(dir, ["read-tree", onto], env);
    await git(dir, ["update-index", "--cacheinfo", `100644,${blob},${path}`], env);
    const tree = await git(dir, ["write-tree"], env);
    const commit = await git(dir, ["commit-tree", tree, "-p", onto, "-m", "Count repayments the wrong way round"]);
    await git(dir, ["update-ref", "refs/heads/broken", commit]);
    return commit;
  } finally {
    await rm(index, { recursive: true, force: true });
  }
};
