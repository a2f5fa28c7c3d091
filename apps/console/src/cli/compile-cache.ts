import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

/**
 * Where what is made of the program itself is kept: the folder that Node is told of, as `./ops` does, or one in this user's own. What lies in a
 * folder of all users would be run as this one.
 */
export function compiledFolder(
  { NODE_COMPILE_CACHE: told = "", XDG_CACHE_HOME: caches = "" }: NodeJS.ProcessEnv = process.env,
  home = homedir(),
): string {
  if (told !== "") return resolve(told);
  // A path that is not absolute counts as none, as the XDG specification has it: it would be in whatever folder this was called.
  return join(isAbsolute(caches) ? caches : join(home, ".cache"), "slipway", "compiled");
}

/** Keeps what Node compiles of the verbs, so that the next start need not do it again. */
export function keepCompiled(): void {
  enableCompileCache(compiledFolder());
}
