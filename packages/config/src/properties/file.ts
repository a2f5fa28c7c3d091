import { createHash } from "node:crypto";
import {
  type Change,
  type Command,
  type Content,
  contentKey,
  derived,
  everyOs,
  type Os,
  type Property,
  property,
  type Revertable,
  revertable,
  type Surroundings,
} from "@slipway/model";
import { diffLines } from "../diff.ts";
import { type FileSeen, file } from "../facts/files.ts";
import { attributes, attributesDiff, type Ownership, owned } from "./file-ownership.ts";

export * from "./file-edit.ts";
export { owned, symlink } from "./file-links.ts";
export type { Ownership } from "./file-ownership.ts";

export interface ContentOptions extends Ownership {
  /** Must succeed before the file is installed; `{}` stands for the path of the new file. */
  readonly validate?: Command;
}

/**
 * A file has exactly this content, mode and owner. It is replaced at once, so a reader sees the old or the new one. A link at
 * `path` is followed. The folder must exist. A Secret, or text with secrets in it, is in no plan, diff, argument or log.
 */
export function content(path: string, text: Content, options: ContentOptions = {}): Revertable<Os> {
  const secret = typeof text === "string" ? undefined : text;
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
    detail: [digest ?? (secret === undefined ? undefined : contentKey(secret)), want],
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

/**
 * As {@link content}, with a text that depends on what is known of the host and of the platform's other hosts: their names, addresses and
 * what they tell. `text` is pure; it is called whenever the host is planned. A secret goes into it by `secretText`.
 */
export function template(
  path: string,
  text: (around: Surroundings) => Content,
  options: ContentOptions = {},
): Revertable<Os> {
  owned(path, "0644", options);
  const made = derived(`${path} has the content of its template`, everyOs, (around) =>
    content(path, text(around), options),
  );
  return revertable(made, absent(path));
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
