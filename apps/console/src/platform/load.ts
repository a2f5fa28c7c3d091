import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { SlipwayError } from "@slipway/model";
import { fail } from "../errors.ts";
import { findConfig } from "./find.ts";
import { isPlatform, type Platform } from "./ops.ts";
import { typecheckConfig } from "./typecheck.ts";

export interface Project {
  /** Folder of ops.config.ts. */
  readonly root: string;
  readonly configFile: string;
  /** Folder for this machine's keys and caches: `<root>/.slipway`. */
  readonly local: string;
  /** The platform in the environment that was asked for. */
  readonly platform: Platform;
}

export interface LoadOptions {
  readonly cwd: string;
  readonly config?: string;
  /** Default: the platform's usual one. */
  readonly env?: string;
  readonly signal?: AbortSignal;
}

/** Where in `file` an error was thrown, from its stack. */
const placeIn = (file: string, error: Error): string | undefined => {
  const match = new RegExp(`${file.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}:(\\d+):(\\d+)`).exec(error.stack ?? "");
  return match === null ? undefined : `${match[1]}:${match[2]}`;
};

/** What ops.config.ts threw, with file and line. */
function thrownIn({ root, configFile }: Pick<Project, "root" | "configFile">, error: unknown): Error {
  if (error instanceof SlipwayError && error.code === "ops.unknown-env") return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  const place = placeIn(configFile, cause) ?? placeIn(pathToFileURL(configFile).href, cause);
  const where = place === undefined ? relative(root, configFile) : `${relative(root, configFile)}:${place}`;
  return fail("ops.config-failed", `${where} ${cause.message.split("\n")[0] ?? ""}`, {
    cause,
    ...(cause instanceof SlipwayError && cause.hint !== undefined ? { hint: cause.hint } : {}),
  });
}

/** The platform in another environment. Throws `ops.unknown-env`, and what {@link loadProject} throws of the file. */
export function inEnvironment(project: Project, environment: string): Platform {
  try {
    return project.platform.in(environment);
  } catch (error) {
    throw thrownIn(project, error);
  }
}

/** Finds, type-checks and runs ops.config.ts. Errors name file and line. Throws `ops.unknown-env`. */
export async function loadProject(options: LoadOptions): Promise<Project> {
  const configFile = findConfig(options.cwd, options.config);
  const root = dirname(configFile);
  const local = join(root, ".slipway");
  await typecheckConfig(configFile, join(local, "cache"), options.signal);
  let platform: unknown;
  try {
    platform = ((await import(pathToFileURL(configFile).href)) as { default?: unknown }).default;
    if (options.env !== undefined && isPlatform(platform)) platform = platform.in(options.env);
  } catch (error) {
    throw thrownIn({ root, configFile }, error);
  }
  if (!isPlatform(platform))
    throw fail("ops.config-shape", `${relative(root, configFile)} exports no platform as its default`);
  return { root, configFile, local, platform };
}
