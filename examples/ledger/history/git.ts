import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Who the example's commits are by, and when: fixed, so that their ids are the same on every machine. */
const author = {
  GIT_AUTHOR_NAME: "The Ledger team",
  GIT_AUTHOR_EMAIL: "team@ledger.example",
  GIT_AUTHOR_DATE: "2026-01-05T09:00:00Z",
  GIT_COMMITTER_NAME: "The Ledger team",
  GIT_COMMITTER_EMAIL: "team@ledger.example",
  GIT_COMMITTER_DATE: "2026-01-05T09:00:00Z",
};

/**
 * Runs git in a folder and gives what it prints, trimmed. The reader's own configuration (signing, hooks, templates) and a
 * surrounding git process's variables do not reach it.
 */
export const git = async (
  dir: string,
  argv: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<string> => {
  const clean = Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"));
  const env = {
    ...Object.fromEntries(clean),
    ...author,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    ...more,
  };
  const running = run("git", argv, { cwd: dir, env, maxBuffer: 1 << 26, timeout: 60_000 });
  // Nothing here is read from the terminal: git must not wait for it.
  running.child.stdin?.end();
  return (await running).stdout.trim();
};
