import { spawn } from "node:child_process";
import { once } from "node:events";

export interface Ran {
  /** From the start of the process to its end. */
  readonly ms: number;
  readonly stdout: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly cwd?: string;
  readonly signal: AbortSignal;
}

/** Runs a program as a whole process; rejects with the end of what it said when it fails. */
export async function run(command: readonly string[], { env, stdin, cwd, signal }: RunOptions): Promise<Ran> {
  const [program = "", ...args] = command;
  const from = performance.now();
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "pipe"],
    signal,
    ...(cwd && { cwd }),
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  child.stdin.on("error", () => {});
  child.stdin.end(stdin ?? "");
  const [status] = (await once(child, "close")) as [number | null];
  const ms = performance.now() - from;
  if (status !== 0)
    throw new Error(`${command.join(" ")} ended with status ${status}:\n${(stdout + stderr).slice(-4_000)}`);
  return { ms, stdout };
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
