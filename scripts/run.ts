import { spawn } from "node:child_process";

export interface RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Ends the command, and everything it started, when it aborts. */
  readonly signal: AbortSignal;
  /** Show output as it comes; otherwise it is only collected. */
  readonly show: boolean;
}

export interface Ran {
  /** The exit status, or 1 when a signal ended it. */
  readonly status: number;
  /** What was written to stdout and stderr, in order; empty when it was shown. */
  readonly output: string;
}

/**
 * Runs a command in a process group of its own without stdin. Never rejects: a command that cannot
 * be started has status 127. On abort the group gets SIGTERM, and SIGKILL ten seconds later.
 */
export async function run(argv: readonly [string, ...string[]], options: RunOptions): Promise<Ran> {
  const [program, ...args] = argv;
  const stdio = options.show ? "inherit" : "pipe";
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: ["ignore", stdio, stdio],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const killGroup = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // The group has ended already.
    }
  };
  let last: NodeJS.Timeout | undefined;
  const end = (): void => {
    killGroup("SIGTERM");
    last = setTimeout(killGroup, 10_000, "SIGKILL");
  };
  options.signal.addEventListener("abort", end, { once: true });
  if (options.signal.aborted) end();
  const status = await new Promise<number>((resolve) => {
    child.once("error", (error) => {
      output += `${program}: ${error.message}\n`;
      resolve(127);
    });
    child.once("close", (code) => resolve(code ?? 1));
  });
  options.signal.removeEventListener("abort", end);
  clearTimeout(last);
  killGroup("SIGKILL"); // whatever it left behind
  return { status, output };
}
