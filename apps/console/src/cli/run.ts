import { exitCodes } from "@slipway/model";
import { CommanderError } from "commander";
import { createContext } from "./context.ts";
import { presentError } from "./output.ts";
import { createProgram, usageExit } from "./program.ts";

/** With --json whatever ends a command is one document on standard output, also what commander or ^C ended. */
function told(code: string, message: string, exit: number, json = process.argv.includes("--json")): number {
  if (json) process.stdout.write(`${JSON.stringify({ ok: false, error: { code, message } })}\n`);
  return exit;
}

/** The command line, from the arguments of this process to its end. */
export async function run(): Promise<void> {
  const stop = new AbortController();
  let interrupted = false;
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      // The second one stops at once: everything is written so that the next run goes on.
      if (interrupted) process.exit(exitCodes.interrupted);
      interrupted = true;
      process.stderr.write("\nstopping after this step; once more stops at once\n");
      stop.abort(new Error("interrupted"));
    });
  }

  const program = createProgram(async (globals, load, options) => {
    const context = createContext(globals, stop.signal);
    try {
      const verb = await load();
      process.exitCode = await verb(context, options);
    } catch (error) {
      process.exitCode = interrupted
        ? told("ops.interrupted", "interrupted", exitCodes.interrupted, globals.json)
        : presentError(error, globals, context.out.hidden);
    }
  });

  try {
    await program.parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = usageExit(error);
    if (process.exitCode !== exitCodes.done) told(error.code, error.message, exitCodes.usage);
  }
  // Connections that a failed verb left open must not keep the process: everything that has to be kept is on a disk by now.
  if (process.exitCode !== undefined) process.stdout.write("", () => process.exit());
}
