import { dirname } from "node:path";
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
    cwd: callersFolder(process.env, process.cwd()),
    ...(options.config === undefined ? {} : { config: options.config }),
    ...(options.env === undefined ? {} : { env: options.env }),
    yes: options.yes,
  };
}

/**
 * The folder that the user is in. Who runs scripts of packages runs them in the package's folder and says in INIT_CWD where it was called; a script
 * that goes to another folder first means that one. Pure.
 */
export const callersFolder = ({ INIT_CWD, npm_package_json }: NodeJS.ProcessEnv, cwd: string): string =>
  INIT_CWD !== undefined && (npm_package_json === undefined || dirname(npm_package_json) === cwd) ? INIT_CWD : cwd;
