import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";

export interface Ran {
  /** Exit status; undefined when a signal ended it. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Beside this process's own; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Written to its standard input, which is then closed. */
  readonly input?: string;
  /** In a process group of its own, so that signals to the group of this one do not reach it. */
  readonly apart?: boolean;
  /** File that gets its standard error as it comes. */
  readonly log?: string;
}

/** A program that runs. */
export interface Running {
  readonly ended: Promise<Ran>;
  readonly stdin: NodeJS.WritableStream;
  /** Resolves with everything it has written to one of its outputs once that matches; rejects when it ends before. */
  seen(stream: "stdout" | "stderr", pattern: RegExp): Promise<string>;
  kill(signal: NodeJS.Signals): void;
}

const alive = new Set<ChildProcessWithoutNullStreams>();

/** Ends whatever a test left running. */
export function killAll(): void {
  for (const child of alive) child.kill("SIGKILL");
}

/** Starts a program. `ended` resolves whatever its exit status is. */
export function start(argv: readonly [string, ...string[]], options: RunOptions = {}): Running {
  const [program, ...args] = argv;
  const env = Object.fromEntries(
    Object.entries({ ...process.env, ...options.env }).filter(([, value]) => value !== undefined),
  );
  const child = spawn(program, args, {
    env,
    stdio: "pipe",
    detached: options.apart === true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  alive.add(child);
  const output = { stdout: "", stderr: "" };
  const watchers = new Set<() => void>();
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      output[stream] += text;
      for (const watcher of watchers) watcher();
    });
  }
  if (options.log !== undefined) child.stderr.pipe(createWriteStream(options.log));
  // A program that ends without reading its input is not this process's failure.
  child.stdin.on("error", () => {});
  if (options.input !== undefined) child.stdin.end(options.input);
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once("error", (error) => {
      alive.delete(child);
      reject(error);
    });
    child.once("close", (code) => {
      alive.delete(child);
      resolve({ status: code ?? undefined, ...output });
    });
  });
  ended.catch(() => {});
  return {
    ended,
    stdin: child.stdin,
    kill: (signal) => void child.kill(signal),
    seen: (stream, pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!pattern.test(output[stream])) return;
          watchers.delete(look);
          resolve(output[stream]);
        };
        watchers.add(look);
        look();
        ended.then(
          (ran) =>
            reject(
              new Error(
                `${argv.join(" ")} ended with ${ran.status} before it wrote ${pattern}:\n${ran.stderr}${ran.stdout}`,
              ),
            ),
          reject,
        );
      }),
  };
}

/** Runs a program to its end, without input unless some is given. */
export const run = (argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<Ran> =>
  start(argv, { input: "", ...options }).ended;
