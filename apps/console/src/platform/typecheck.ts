import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, isAbsolute, join, relative } from "node:path";
import { fail } from "../errors.ts";
import { fromSources } from "./from-sources.ts";
import { putStamp, stampHolds } from "./stamp.ts";

/** One diagnostic of the compiler. */
export interface Diagnostic {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly code: string;
  readonly message: string;
}

/** The diagnostics in `tsc --pretty false` output; the indented lines that explain one are joined to it. */
export function parseDiagnostics(output: string): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const line of output.split("\n")) {
    const match = /^(.+?)\((\d+),(\d+)\): error (TS\d+): (.*)$/.exec(line.trimEnd());
    const last = found.at(-1);
    if (match !== null) {
      const [, file = "", row = "0", column = "0", code = "", message = ""] = match;
      found.push({ file, line: Number(row), column: Number(column), code, message });
    } else if (last !== undefined && /^\s+\S/.test(line)) {
      found[found.length - 1] = { ...last, message: `${last.message}\n  ${line.trim()}` };
    }
  }
  return found;
}

const compilerOptions = [
  "--noEmit",
  "--pretty",
  "false",
  "--strict",
  "--target",
  "es2024",
  "--lib",
  "es2024,esnext.disposable",
  "--module",
  "nodenext",
  "--moduleResolution",
  "nodenext",
  "--exactOptionalPropertyTypes",
  "--noUncheckedIndexedAccess",
  "--verbatimModuleSyntax",
  "--allowImportingTsExtensions",
  "--resolveJsonModule",
  "--skipLibCheck",
] as const; // prettier-ignore

/** Whether a project has a package. */
const has = (from: NodeJS.Require, name: string): boolean => {
  try {
    from.resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
};

/** The files in `tsc --listFiles` output. */
export const listedFiles = (output: string): readonly string[] =>
  output
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => isAbsolute(line));

/**
 * Type-checks an ops.config.ts, unless nothing of what the compiler read the last time it found nothing wrong has changed: that costs some
 * milliseconds, and a check, which is incremental, about a third of a second.
 * Throws `ops.config-type-error` with the first diagnostic as `file:line:column`.
 */
export async function typecheckConfig(file: string, cacheFolder: string, signal?: AbortSignal): Promise<void> {
  const root = dirname(file);
  // The compiler of the project that is checked, or else the one that Slipway came with.
  const resolver = [createRequire(file), createRequire(import.meta.url)].find((one) => has(one, "typescript"));
  if (resolver === undefined) return;
  const compiler = resolver.resolve("typescript/package.json");
  const { version } = resolver(compiler) as { version: string };
  const tsc = join(dirname(compiler), "bin", "tsc");
  const conditions = fromSources() ? ["--customConditions", "source"] : [];
  const args = [
    tsc,
    ...compilerOptions,
    ...conditions,
    ...(has(resolver, "@types/node") ? ["--types", "node"] : []),
    "--incremental",
    "--tsBuildInfoFile",
    join(cacheFolder, "config.tsbuildinfo"),
    // Older ones take no tsconfig.json beside a file that is named, and do not know the option.
    ...(Number.parseInt(version, 10) >= 6 ? ["--ignoreConfig"] : []),
    "--listFiles",
    file,
  ]; // prettier-ignore
  const stamp = join(cacheFolder, "config.checked");
  const asked = [...args, version];
  if (stampHolds(stamp, asked)) return;
  await mkdir(cacheFolder, { recursive: true });
  const began = Date.now();
  const { output, failed } = await new Promise<{ output: string; failed: boolean }>((resolve, reject) => {
    execFile(
      process.execPath,
      args,
      { cwd: root, maxBuffer: 16 << 20, ...(signal === undefined ? {} : { signal }) },
      (error, stdout, stderr) => {
        if (error !== null && stdout === "")
          reject(fail("ops.config-failed", `the type checker did not run: ${stderr.trim() || error.message}`));
        else resolve({ output: stdout, failed: error !== null });
      },
    );
  });
  const all = parseDiagnostics(output);
  const first = all[0];
  if (first === undefined) {
    // A compiler that is too old for these options must not pass for one that found nothing.
    if (failed) throw fail("ops.config-failed", `the type checker did not run: ${output.trim().split("\n")[0] ?? ""}`);
    await putStamp(stamp, asked, { files: [compiler, ...listedFiles(output)], began });
    return;
  }
  const more = all.length > 1 ? `\n  … and ${all.length - 1} more` : "";
  const where = `${relative(root, join(root, first.file))}:${first.line}:${first.column}`;
  throw fail("ops.config-type-error", `${where} ${first.message} (${first.code})${more}`);
}
