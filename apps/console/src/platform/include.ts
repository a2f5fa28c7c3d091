import { mkdir, readFile, realpath, rename, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fail } from "../errors.ts";

/**
 * How a pattern of `Include` says one character and no other. A younger ssh also takes `%` for the beginning of a token and `${` for that of a
 * variable, an older one does not, so neither is written: a range says them in both.
 */
const said: Readonly<Record<string, string>> = {
  "*": "[*]",
  "?": "[?]",
  "[": "[[]",
  "\\": "\\\\",
  "%": "[$-&]",
  $: "[$]",
};

/** The line that includes one file. Throws `ops.ssh-path` for a path that no line can hold. */
function lineOf(file: string): string {
  if (/[\r\n\0]/.test(file)) throw fail("ops.ssh-path", `ssh cannot include ${JSON.stringify(file)}`);
  const pattern = file.replaceAll(/[*?[\\%$]/g, (one) => said[one] ?? one);
  // The words of a line are read before patterns are, and have quotes and backslashes of their own.
  return `Include ${/[\s"'\\#]/.test(pattern) ? `"${pattern.replaceAll(/["\\]/g, "\\$&")}"` : pattern}`;
}

/** The user's ssh configuration with a line that includes `file`, or without it; everything else stays as it is. Throws `ops.ssh-path`. Pure. */
export function withInclude(config: string, file: string, on: boolean): string {
  const line = lineOf(file);
  const lines = config.split("\n");
  const there = lines.some((one) => one.trim() === line);
  if (there === on) return config;
  // At the top: further down it would belong to the Host above it.
  return on ? `${line}\n${config}` : lines.filter((one) => one.trim() !== line).join("\n");
}

/** Puts the line into the file `config`, or takes it out. Whether that changed it. */
export async function include(config: string, file: string, on: boolean): Promise<boolean> {
  // It may be a link into somebody's collection of dotfiles.
  const path = await realpath(config).catch(() => config);
  const before = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return "";
  });
  const after = withInclude(before, file, on);
  if (after === before) return false;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const mode = await stat(path).then(
    (seen) => seen.mode & 0o777,
    () => 0o600,
  );
  await writeFile(`${path}.${process.pid}.new`, after, { mode });
  await rename(`${path}.${process.pid}.new`, path);
  return true;
}
