import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Keeps what Node compiles of the verbs, so that the next start need not do it again. In this user's own folder: what lies in a folder of all users
 * would be run as this one.
 */
export function keepCompiled(): void {
  enableCompileCache(join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "slipway", "compiled"));
}
