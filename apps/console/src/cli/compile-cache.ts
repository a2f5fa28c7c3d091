import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Where what is made of the program itself is kept: the folder that Node is told of, as `./ops` does, or one in this user's own. What lies in a
 * folder of all users would be run as this one.
 */
export const compiledFolder = (): string =>
  process.env["NODE_COMPILE_CACHE"] ??
  join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "slipway", "compiled");

/** Keeps what Node compiles of the verbs, so that the next start need not do it again. */
export function keepCompiled(): void {
  enableCompileCache(compiledFolder());
}
