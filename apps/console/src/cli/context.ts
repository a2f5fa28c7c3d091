import { type Clock, systemClock } from "@slipway/model";
import { createOutput, type Output, type OutputOptions } from "./output.ts";

/** What every verb is given. */
export interface Context {
  readonly out: Output;
  readonly clock: Clock;
  /** Aborted by the first ^C. */
  readonly signal: AbortSignal;
  readonly cwd: string;
  readonly config?: string;
  /** The environment that --env names. */
  readonly env?: string;
  /** Whether questions were answered beforehand by --yes. */
  readonly yes: boolean;
}

export interface GlobalOptions extends OutputOptions {
  readonly config?: string;
  readonly env?: string;
  readonly yes: boolean;
}

export function createContext(options: GlobalOptions, signal: AbortSignal): Context {
  return {
    out: createOutput(options),
    clock: systemClock,
    signal,
    // pnpm runs scripts in the package's folder and says in INIT_CWD where it was called.
    cwd: process.env.INIT_CWD ?? process.cwd(),
    ...(options.config === undefined ? {} : { config: options.config }),
    ...(options.env === undefined ? {} : { env: options.env }),
    yes: options.yes,
  };
}
