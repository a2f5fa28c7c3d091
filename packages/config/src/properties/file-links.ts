import { type Command, everyOs, type Os, type Property, property, type Revertable } from "@slipway/model";
import { fail } from "../errors.ts";
import { type FileSeen, file } from "../facts/files.ts";
import { attributes, attributesDiff, type Ownership, octal, plainPath } from "./file-ownership.ts";

const complain = (what: string, path: string): Command => ["sh", "-c", 'echo "$2 $1" >&2; exit 1', "sh", what, path];

/**
 * A symbolic link points to `target`, which need not be there. It is exchanged in one step. A file or a folder that stands in its place is an
 * error. Its opposite removes the link.
 */
export function symlink(path: string, target: string): Revertable<Os> {
  plainPath(path);
  if (target === "" || /[\u0000-\u001f]/.test(target))
    throw fail("config.bad-argument", `${JSON.stringify(target)} is nothing that a link can point to`);
  return property(`${path} points to ${target}`, {
    on: everyOs,
    about: `file:${path}`,
    detail: target,
    observe: file(path),
    plan: (seen) => {
      if (seen.target === target) return [];
      if (!seen.link && seen.kind !== "absent") return [complain("is there and is no link", path)];
      return [
        ["ln", "-sfn", "--", target, `${path}.slipway`],
        ["mv", "-fT", "--", `${path}.slipway`, path],
      ];
    },
    diff: (seen) => `${seen.target === undefined ? "" : `- ${seen.target}\n`}+ ${target}`,
    writes: [`file:${path}`],
    revert: { title: `${path} is no link`, plan: (seen) => (seen.link ? [{ remove: path }] : []) },
  });
}

/**
 * What stands at a path has this mode, owner and group; what is not named stays. Links are followed. The path has to be there: this makes
 * nothing, and what is in a directory is left alone. Throws `config.bad-argument`.
 */
export function owned(path: string, want: Ownership): Property<Os> {
  plainPath(path);
  const mode = want.mode === undefined ? undefined : octal(want.mode, path);
  if (mode === undefined && want.owner === undefined && want.group === undefined)
    throw fail("config.bad-argument", `file.owned of ${path} needs a mode, an owner or a group`);
  const wanted = (seen: FileSeen): Required<Ownership> => ({
    mode: mode ?? seen.mode,
    owner: want.owner ?? seen.owner,
    group: want.group ?? seen.group,
  });
  const whose = `${want.owner ?? ""}${want.group === undefined ? "" : `:${want.group}`}`;
  const facts = [...(whose === "" ? [] : [`belongs to ${whose}`]), ...(mode === undefined ? [] : [`has mode ${mode}`])];
  return property(`${path} ${facts.join(" and ")}`, {
    on: everyOs,
    about: `owner:${path}`,
    detail: [mode, want.owner, want.group],
    observe: file(path),
    plan: (seen) => (seen.kind === "absent" ? [complain("is not there", path)] : attributes(path, seen, wanted(seen))),
    diff: (seen) => (seen.kind === "absent" ? undefined : attributesDiff(seen, wanted(seen))),
    writes: [`file:${path}`],
  });
}
