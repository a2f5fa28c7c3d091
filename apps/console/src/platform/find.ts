import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fail } from "../errors.ts";

export const configName = "ops.config.ts";

/** The nearest ops.config.ts from `cwd` upwards, or the one named. Throws `ops.no-config`. */
export function findConfig(cwd: string, named?: string): string {
  if (named !== undefined) {
    const file = resolve(cwd, named);
    if (!existsSync(file)) throw fail("ops.no-config", `there is no file ${file}`);
    return file;
  }
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const file = join(folder, configName);
    if (existsSync(file)) return file;
    if (dirname(folder) === folder) throw fail("ops.no-config", `no ${configName} in ${resolve(cwd)} or above`);
  }
}
