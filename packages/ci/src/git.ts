import type { Connection, Output } from "@slipway/model";
import { fail } from "./errors.ts";
import { asOwner, git, type Repository } from "./repository.ts";

/** The identity of commits that the CI makes. Dates are given, so that a repeated run makes the same commit again. */
const identity = (atMs: number): string[] => {
  const date = `${Math.floor(atMs / 1000)} +0000`;
  return ["AUTHOR", "COMMITTER"].flatMap((who) => [
    `GIT_${who}_NAME=Slipway CI`,
    `GIT_${who}_EMAIL=ci@slipway.invalid`,
    `GIT_${who}_DATE=${date}`,
  ]);
};

export interface CommitInfo {
  readonly commit: string;
  readonly tree: string;
  readonly author: string;
  readonly subject: string;
}

/** A repository on a host: every method is a git command there, idempotent unless it says otherwise. */
export interface Git {
  /** Branches under refs/heads/review, and review itself: ref → commit. */
  reviewRefs(): Promise<ReadonlyMap<string, string>>;
  main(): Promise<string | undefined>;
  /** Full id of a commit by id, short id or ref; undefined when there is none. */
  resolve(name: string): Promise<string | undefined>;
  info(commit: string): Promise<CommitInfo>;
  isAncestor(older: string, newer: string): Promise<boolean>;
  /** Merges two commits without a work tree: the tree, or the files that conflict. */
  mergeTree(
    ours: string,
    theirs: string,
  ): Promise<{ readonly tree: string } | { readonly conflicts: readonly string[] }>;
  commitTree(tree: string, options: { parents: readonly string[]; message: string; atMs: number }): Promise<string>;
  /** Mode, kind and id of each path in a tree, as one line each; paths that do not exist are left out. */
  entries(tree: string, paths: readonly string[]): Promise<readonly string[]>;
  /** Moves a ref when it still is at `from` (null: does not exist). False when it was elsewhere. */
  moveRef(ref: string, to: string, from: string | null): Promise<boolean>;
  /** Stores files as a tree. */
  storeTree(files: Readonly<Record<string, string>>): Promise<string>;
  /** A file of a commit; undefined when it is not there. */
  file(commit: string, path: string): Promise<string | undefined>;
}

export function gitOn(connection: Connection, repository: Repository): Git {
  const run = (args: readonly string[], stdin?: string): Promise<Output> =>
    connection.exec(git(repository, ...args), { timeoutMs: 60_000, ...(stdin === undefined ? {} : { stdin }) });
  const must = async (args: readonly string[], stdin?: string): Promise<string> => {
    const { status, stdout, stderr } = await run(args, stdin);
    if (status !== 0)
      throw fail("ci.git", `git ${args[0]} in ${repository.gitDir} failed: ${stderr.trim() || `status ${status}`}`);
    return stdout.trim();
  };
  const resolve = async (name: string): Promise<string | undefined> => {
    const { status, stdout } = await run(["rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`]);
    return status === 0 ? stdout.trim() : undefined;
  };
  const zero = "0".repeat(40);
  return {
    resolve,
    main: () => resolve("refs/heads/main"),
    async reviewRefs() {
      const text = await must(["for-each-ref", "--format=%(refname) %(objectname)", "refs/heads/review"]);
      return new Map(
        text.split("\n").flatMap((line) => {
          const [ref, commit] = line.split(" ");
          return ref !== undefined && commit !== undefined ? [[ref, commit] as const] : [];
        }),
      );
    },
    async info(commit) {
      const text = await must([
        "show",
        "--no-patch",
        "--format=%H%x00%T%x00%an <%ae>%x00%s",
        "--end-of-options",
        commit,
      ]);
      const [id = "", tree = "", author = "", subject = ""] = text.split("\0");
      return { commit: id, tree, author, subject };
    },
    async isAncestor(older, newer) {
      const { status, stderr } = await run(["merge-base", "--is-ancestor", older, newer]);
      if (status > 1) throw fail("ci.git", `git merge-base in ${repository.gitDir} failed: ${stderr.trim()}`);
      return status === 0;
    },
    async mergeTree(ours, theirs) {
      const { status, stdout, stderr } = await run([
        "merge-tree",
        "--write-tree",
        "--no-messages",
        "--name-only",
        ours,
        theirs,
      ]);
      const [tree = "", ...conflicts] = stdout.trim().split("\n");
      if (status === 0) return { tree };
      if (status === 1) return { conflicts };
      throw fail("ci.git", `git merge-tree in ${repository.gitDir} failed: ${stderr.trim()}`);
    },
    async commitTree(tree, { parents, message, atMs }) {
      const args = [
        "--git-dir",
        repository.gitDir,
        "commit-tree",
        tree,
        ...parents.flatMap((parent) => ["-p", parent]),
      ];
      const { status, stdout, stderr } = await connection.exec(
        asOwner(repository, ["env", ...identity(atMs), "git", ...args]),
        {
          stdin: message,
          timeoutMs: 60_000,
        },
      );
      if (status !== 0) throw fail("ci.git", `git commit-tree in ${repository.gitDir} failed: ${stderr.trim()}`);
      return stdout.trim();
    },
    async entries(tree, paths) {
      const text = await must(["ls-tree", "--full-tree", tree, "--", ...paths]);
      return text === "" ? [] : text.split("\n");
    },
    async moveRef(ref, to, from) {
      const { status, stderr } = await run(["update-ref", ref, to, from ?? zero]);
      if (status === 0) return true;
      const now = await resolve(ref);
      if (now === (from ?? undefined)) throw fail("ci.git", `git could not move ${ref}: ${stderr.trim()}`);
      return false;
    },
    async storeTree(files) {
      const lines: string[] = [];
      for (const [path, content] of Object.entries(files)) {
        lines.push(`100644 blob ${await must(["hash-object", "-w", "--stdin"], content)}\t${path}`);
      }
      return await must(["mktree"], `${lines.join("\n")}\n`);
    },
    async file(commit, path) {
      const { status, stdout } = await run(["cat-file", "blob", `${commit}:${path}`]);
      return status === 0 ? stdout : undefined;
    },
  };
}
