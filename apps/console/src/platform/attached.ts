import { spawn } from "node:child_process";
import { constants } from "node:os";
import { text } from "node:stream/consumers";
import type { Command } from "@slipway/model";

export interface Ended {
  /** Exit status; 128 + n when signal n ended it. */
  readonly status: number;
  /** What it wrote; empty unless it was kept. */
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program of this machine with this process's own standard input, and its outputs too unless they are kept. Undefined when there is no
 * such program. Aborting ends it.
 */
export async function attached(
  [program, ...args]: Command,
  options: { readonly signal: AbortSignal; readonly keep: boolean },
): Promise<Ended | undefined> {
  const output = options.keep ? "pipe" : "inherit";
  const child = spawn(program, args, { stdio: ["inherit", output, output] });
  const kill = (): void => void child.kill("SIGTERM");
  options.signal.addEventListener("abort", kill, { once: true });
  try {
    const ended = new Promise<number | undefined>((resolve, reject) => {
      child.once("error", (error: NodeJS.ErrnoException) =>
        error.code === "ENOENT" ? resolve(undefined) : reject(error),
      );
      child.once("close", (code, name) => resolve(code ?? 128 + (name === null ? 0 : constants.signals[name])));
    });
    const [status, stdout, stderr] = await Promise.all([
      ended,
      child.stdout === null ? "" : text(child.stdout),
      child.stderr === null ? "" : text(child.stderr),
    ]);
    return status === undefined ? undefined : { status, stdout, stderr };
  } finally {
    options.signal.removeEventListener("abort", kill);
  }
}
