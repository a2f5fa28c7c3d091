import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { createRequire, registerHooks } from "node:module";
import { join } from "node:path";
import { fromSources } from "../platform/from-sources.ts";
import { stampHolds } from "../platform/stamp.ts";

/** The modules of a bundle by the URLs of their files; each runs when it is first asked for. */
type Modules = Readonly<Record<string, () => object>>;

const formatOf = "1";

/** The module that stands for a file whose module is in the bundle. Names of exports may be any, so that none is declared. Pure. */
export function standIn(bundle: string, names: readonly string[]): string {
  const named = names.filter((name) => name !== "__esModule");
  return [
    'import { createRequire } from "node:module";',
    `const _ = createRequire(import.meta.url)(${JSON.stringify(bundle)}).modules[import.meta.url]();`,
    ...named.map((name, index) => `const _${index} = _[${JSON.stringify(name)}]; export { _${index} as ${name} };`),
  ].join("\n");
}

/** Every import of a file that is in the bundle gets what is there: one instance of each module, whoever asks. */
function takeFrom(bundle: string): Modules {
  const { modules } = createRequire(import.meta.url)(bundle) as { modules: Modules };
  registerHooks({
    load: (url, context, next) => {
      const module = modules[url];
      if (module === undefined) return next(url, context);
      return { format: "module", shortCircuit: true, source: standIn(bundle, Object.keys(module())) };
    },
  });
  return modules;
}

/** Whether nobody else can have written a file: what somebody else left where this user keeps things is not run. */
export function isOwn(path: string): boolean {
  const seen = statSync(path, { throwIfNoEntry: false });
  return seen !== undefined && seen.uid === (process.geteuid?.() ?? seen.uid) && (seen.mode & 0o022) === 0;
}

/**
 * The program as one file, which starts in a fraction of the time of its some 400 modules. Made anew when one of them changed; undefined where it
 * cannot be kept, and with SLIPWAY_DEBUG, whose stack traces name the modules.
 */
export async function openBundle(folder: string): Promise<Modules | undefined> {
  if (process.env["SLIPWAY_DEBUG"] !== undefined) return undefined;
  const conditions = fromSources() ? ["source"] : [];
  const asked = [formatOf, process.version, import.meta.dirname, ...conditions];
  const name = createHash("sha256").update(asked.join("\n")).digest("hex").slice(0, 16);
  const bundle = join(folder, "ops", `${name}.cjs`);
  const stamp = join(folder, "ops", `${name}.stamp`);
  try {
    if (!(isOwn(stamp) && isOwn(bundle) && stampHolds(stamp, asked))) {
      const { makeBundle } = await import("./build.ts");
      if (!(await makeBundle(bundle, { stamp, asked, conditions }))) return undefined;
    }
    return takeFrom(bundle);
  } catch {
    return undefined;
  }
}
