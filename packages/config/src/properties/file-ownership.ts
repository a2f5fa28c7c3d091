import type { Command } from "@slipway/model";
import { fail } from "../errors.ts";
import type { FileSeen } from "../facts/files.ts";

export interface Ownership {
  /** Octal, e.g. `"0640"`. Default 0644 for files, 0600 for secrets, 0755 for directories. */
  readonly mode?: string;
  /** Default root. */
  readonly owner?: string;
  /** Default: the group of the same name as the owner. */
  readonly group?: string;
}

/** Throws `config.bad-argument` for a path that is not absolute or not in its shortest form. */
export function plainPath(path: string): string {
  if (!path.startsWith("/") || /[\u0000-\u001f\\]|\/\/|\/\.\.?(\/|$)|.\/$/.test(path))
    throw fail("config.bad-argument", `${JSON.stringify(path)} is not a plain absolute path`);
  return path;
}

/** Throws `config.bad-argument`. */
export function octal(mode: string, path: string): string {
  const padded = mode.padStart(4, "0");
  if (!/^[0-7]{4}$/.test(padded)) throw fail("config.bad-argument", `the mode ${mode} of ${path} is not octal`);
  return padded;
}

/** What is wanted of a path, with nothing left open. Throws `config.bad-argument`. */
export function owned(path: string, fallbackMode: string, options: Ownership): Required<Ownership> {
  const mode = octal(options.mode ?? fallbackMode, plainPath(path));
  const owner = options.owner ?? "root";
  return { mode, owner, group: options.group ?? owner };
}

/** Commands that give what stands at a path this mode and owner. */
export function attributes(path: string, seen: FileSeen, want: Required<Ownership>): readonly Command[] {
  const commands: Command[] = [];
  const chowned = seen.owner !== want.owner || seen.group !== want.group;
  if (chowned) commands.push(["chown", `${want.owner}:${want.group}`, "--", path]);
  // chown takes the bits of set-user-id away.
  if (seen.mode !== want.mode || (chowned && !want.mode.startsWith("0")))
    commands.push(["chmod", want.mode, "--", path]);
  return commands;
}

export function attributesDiff(seen: FileSeen, want: Required<Ownership>): string {
  const before = `${seen.mode} ${seen.owner}:${seen.group}`;
  const after = `${want.mode} ${want.owner}:${want.group}`;
  return before === after ? "" : `- ${before}\n+ ${after}`;
}
