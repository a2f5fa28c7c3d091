import { createHash } from "node:crypto";
import {
  type Change,
  type Command,
  everyOs,
  type Os,
  type Property,
  property,
  type Revertable,
  Secret,
} from "@slipway/model";
import { diffLines } from "../diff.ts";
import { fail } from "../errors.ts";
import { type FileSeen, file } from "../facts/files.ts";

export interface Ownership {
  /** Octal, e.g. `"0640"`. Default 0644 for files, 0600 for secrets, 0755 for directories. */
  readonly mode?: string;
  /** Default root. */
  readonly owner?: string;
  /** Default: the group of the same name as the owner. */
  readonly group?: string;
}

export interface ContentOptions extends Ownership {
  /** Must succeed before the file is installed; `{}` stands for the path of the new file. */
  readonly validate?: Command;
}

function owned(path: string, fallbackMode: string, options: Ownership): Required<Ownership> {
  if (!path.startsWith("/") || /[\u0000-\u001f\\]|\/\/|\/\.\.?(\/|$)|.\/$/.test(path)) {
    throw fail("config.bad-argument", `${JSON.stringify(path)} is not a plain absolute path`);
  }
  const mode = (options.mode ?? fallbackMode).padStart(4, "0");
  if (!/^[0-7]{4}$/.test(mode)) throw fail("config.bad-argument", `the mode ${mode} of ${path} is not octal`);
  const owner = options.owner ?? "root";
  return { mode, owner, group: options.group ?? owner };
}

function attributes(path: string, seen: FileSeen, want: Required<Ownership>): readonly Command[] {
  const commands: Command[] = [];
  if (seen.owner !== want.owner || seen.group !== want.group)
    commands.push(["chown", `${want.owner}:${want.group}`, "--", path]);
  if (seen.mode !== want.mode) commands.push(["chmod", want.mode, "--", path]);
  return commands;
}

function attributesDiff(seen: FileSeen, want: Required<Ownership>): string {
  const before = `${seen.mode} ${seen.owner}:${seen.group}`;
  const after = `${want.mode} ${want.owner}:${want.group}`;
  return before === after ? "" : `- ${before}\n+ ${after}`;
}

/**
 * A file has exactly this content, mode and owner. It is replaced at once, so a reader sees the old or the new one. A link at
 * `path` is followed. The folder must exist. The content of a {@link Secret} is in no plan, diff, argument or log.
 */
export function content(path: string, text: string | Secret, options: ContentOptions = {}): Revertable<Os> {
  const secret = Secret.is(text) ? text : undefined;
  const want = owned(path, secret === undefined ? "0644" : "0600", options);
  const digest = typeof text === "string" ? createHash("sha256").update(text).digest("hex") : undefined;
  const write = {
    path,
    content: text,
    ...want,
    ...(options.validate === undefined ? {} : { validate: options.validate }),
  };
  return property(`${path} has its content`, {
    on: everyOs,
    about: `file:${path}`,
    detail: [digest ?? secret?.name, want],
    observe: file(path, digest),
    plan: (seen, known) => {
      const wanted = digest ?? (secret === undefined ? undefined : known.digest(secret));
      if (seen.kind === "directory") return [["sh", "-c", 'echo "$1 is a directory" >&2; exit 1', "sh", path]];
      if (seen.kind !== "file" || wanted === undefined || seen.sha256 !== wanted) return [write];
      return attributes(path, seen, want);
    },
    diff: (seen) => {
      if (secret !== undefined) return seen.kind === "absent" ? "+ [secret]" : "~ [secret]";
      if (seen.kind === "absent") return diffLines("", String(text)).replace(/^-\n/, "");
      const lines = seen.content === undefined ? "" : diffLines(seen.content, String(text));
      return [attributesDiff(seen, want), lines].filter((one) => one !== "").join("\n");
    },
    writes: [`file:${path}`],
    secrets: secret === undefined ? [] : [secret],
    revert: { title: `${path} is absent`, plan: (seen) => gone(path, seen) },
  });
}

function gone(path: string, seen: FileSeen): readonly Change[] {
  if (seen.kind === "absent" && !seen.link) return [];
  return [{ remove: path }];
}

/** Nothing stands at a path. A link is removed, not what it points to; a directory only when it is empty. */
export function absent(path: string): Property<Os> {
  owned(path, "0644", {});
  return property(`${path} is absent`, {
    on: everyOs,
    about: `file:${path}`,
    detail: "absent",
    observe: file(path),
    plan: (seen) => gone(path, seen),
    writes: [`file:${path}`],
  });
}

/** A directory with this mode and owner; folders above it are made too. Its opposite removes it when it is empty. */
export function directory(path: string, options: Ownership = {}): Revertable<Os> {
  const want = owned(path, "0755", options);
  return property(`${path} is a directory`, {
    on: everyOs,
    about: `file:${path}`,
    detail: want,
    observe: file(path),
    plan: (seen) => {
      if (seen.kind === "directory") return attributes(path, seen, want);
      return [
        ["mkdir", "-p", "--", path],
        ["chown", `${want.owner}:${want.group}`, "--", path],
        ["chmod", want.mode, "--", path],
      ];
    },
    diff: (seen) =>
      seen.kind === "directory" ? attributesDiff(seen, want) : `+ ${want.mode} ${want.owner}:${want.group}`,
    writes: [`file:${path}`],
    revert: { title: `${path} is absent`, plan: (seen) => gone(path, seen) },
  });
}
