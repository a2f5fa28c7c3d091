import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const main = join(import.meta.dirname, "../src/cli/main.ts");
/** One for all tests, as each home would make the program's own file anew. */
const compiled = process.env["NODE_COMPILE_CACHE"] ?? join(import.meta.dirname, "../../../node_modules/.cache/node");

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `ops` in a folder, its home there too. */
export function startOps(folder: string, words: readonly string[]): ChildProcessWithoutNullStreams {
  const { INIT_CWD: _, XDG_STATE_HOME: __, ...rest } = process.env;
  const env = { ...rest, HOME: folder, NO_COLOR: "1", NODE_COMPILE_CACHE: compiled };
  return spawn(process.execPath, ["--conditions=source", main, ...words], { cwd: folder, env });
}

/** Runs `ops` to its end. */
export async function runOps(folder: string, words: readonly string[], input = ""): Promise<Ran> {
  const child = startOps(folder, words);
  child.stdin.end(input);
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { status, stdout, stderr };
}
