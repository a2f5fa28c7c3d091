import { createHash } from "node:crypto";
import {
  type Change,
  commandLine,
  type FileWrite,
  filled,
  isCommand,
  isRemoval,
  isWrite,
  quote,
  secretsIn,
} from "@slipway/model";
import type { Revealed } from "./script.ts";

/**
 * Defined once in a session that changes something. \`put\` writes beside and renames, so that a reader sees the old file or
 * the new one; a link is followed first; the name is unpredictable as the folder may belong to a user. What stood there
 * before Slipway wrote it first is kept; \`restore\` brings it back, or removes the file when nothing did.
 */
export const changePrologue = `trap '' HUP
O=$S/output
keep() {
k=$S/originals/$2
[ ! -e "$k.back" ] || rm -f -- "$k.back"
[ ! -e "$k" ] && [ ! -e "$k.none" ] || return 0
(umask 077 && mkdir -p "$S/originals") || return
if [ -e "$1" ]; then cp -a -- "$1" "$k.new" && mv -f -- "$k.new" "$k"; else : >"$k.none"; fi
}
gone() { if [ -d "$1" ] && [ ! -L "$1" ]; then rmdir -- "$1"; else rm -f -- "$1"; fi; }
restore() {
k=$S/originals/$2
# A folder that holds something of others is left to them.
[ ! -d "$1" ] || [ -L "$1" ] || { rmdir -- "$1" 2>/dev/null || :; return; }
# Two opposites may name one path, and a run that was cut off is repeated: what came back is not ours to remove.
[ ! -e "$k.back" ] || return 0
t=$(readlink -f -- "$1") || t=$1
if [ -e "$k" ]; then cp -a -- "$k" "$t.slipway-old" && mv -fT -- "$t.slipway-old" "$t" && : >"$k.back" && rm -f -- "$k"; else rm -f -- "$1" "$k.none"; fi
}
put() {
t=$(readlink -f -- "$1") || t=$1
d=\${t%/*} b=\${t##*/}
d=\${d:-/}
keep "$t" "$5" || return
rm -f -- "$d/.$b.slipway-"??????
T=$(umask 077 && mktemp "$d/.$b.slipway-XXXXXX") || return
printf %s "$4" | base64 -d >"$T" && chown -h "$2" "$T" && chmod "$3" "$T" && valid && sync "$T" && mv -fT -- "$T" "$t" && sync "$d" && return 0
set -- "$?"
rm -f -- "$T"
return "$1"
}
note() { printf '%s %s %s\\n' "$(date +%s)" "$R" "$*" >>"$S/journal"; }
trim() { [ "$(wc -c <"$S/journal")" -lt 262144 ] || { tail -n 1000 "$S/journal" >"$S/journal.new" && mv -f "$S/journal.new" "$S/journal"; }; }`;

export interface ChangeContext {
  /** Id of what is made true. */
  readonly item: string;
  /** Ids of what has to follow. */
  readonly mark: readonly string[];
  /** Ids of what is true by these changes: noted until the record says so, should the run be cut off before. */
  readonly made?: readonly string[];
  /** Id of what is done with these changes. */
  readonly clear?: string;
  readonly revealed: Revealed;
  /** Shell text that runs before the first change, such as arming a guard; when it fails nothing is changed. */
  readonly first?: string;
  /** A removal brings back what stood there before. */
  readonly restores?: boolean;
}

/**
 * Shell text that makes changes one after the other until one fails. What follows the change and that it begins are noted on
 * the disk before, how it ended after, so that a run which is cut off at any point goes on without doing it twice. Frame
 * `c<index of the last one tried>` holds the output and the status.
 */
export function changeScript(changes: readonly Change[], more: ChangeContext): string {
  const marks = more.mark.map((id) => `"$S/pending/${id}"`).join(" ");
  const step = (text: string): string => `[ "$s" -ne 0 ] || {\n${text}\n} >>"$O" 2>&1 9>&- || s=$?`;
  return [
    '(umask 077 && : >"$O")',
    "i=0 s=0",
    ': >"$S/busy"',
    `{ ${marks === "" ? "" : `touch -- ${marks} && `}note ${more.item} begun && sync ${marks} "$S/journal" "$S/pending"; } >>"$O" 2>&1 || s=$?`,
    ...(more.first === undefined ? [] : [step(more.first)]),
    ...changes.map((change, index) => step(`i=${index}; ${changeText(change, more)}`)),
    ...(more.clear === undefined ? [] : [`[ "$s" -ne 0 ] || rm -f -- "$S/pending/${more.clear}"`]),
    `note ${more.item} done "$i" "$s"`,
    ...(more.made === undefined || more.made.length === 0
      ? ['sync "$S/journal"']
      : [
          `[ "$s" -ne 0 ] || printf '%s\\n' ${more.made.join(" ")} >>"$S/made"`,
          'sync "$S/journal" "$S/made" 2>/dev/null',
        ]),
    "trim",
    'rm -f "$S/busy"',
    'tail -c 65536 "$O"',
    `printf '\\n%s c%s %s\\n' "$N" "$i" "$s"`,
  ].join("\n");
}

/** Name under which what stood at a path before is kept. */
const originalOf = (path: string): string => createHash("sha256").update(path).digest("hex").slice(0, 32);

const base64 = (text: string): string => Buffer.from(text, "utf8").toString("base64");

function changeText(change: Change, { revealed, restores }: ChangeContext): string {
  if (isCommand(change)) return commandLine(change);
  if (isRemoval(change))
    return restores === true
      ? `restore ${quote(change.remove)} ${originalOf(change.remove)}`
      : `gone ${quote(change.remove)}`;
  const closed = isWrite(change) ? change.content : change.input;
  const unknown = secretsIn(closed).find((secret) => !revealed.has(secret.name));
  // Never an empty file in its place. Which secrets a host may have is for the list to say, not for the host's own record.
  if (unknown !== undefined)
    return `{ echo ${quote(`the secret ${unknown.name} is of no property in the list, so it is not sent`)}; false; }`;
  const open = (content: FileWrite["content"]): string =>
    quote(base64(filled(content, (secret) => revealed.get(secret.name) ?? "")));
  // \`printf\` is the shell's own: what it is given is in no list of processes.
  if (!isWrite(change)) return `printf %s ${open(change.input)} | base64 -d | ${commandLine(change.run)}`;
  const put = `put ${quote(change.path)} ${quote(`${change.owner}:${change.group}`)} ${quote(change.mode)} ${open(change.content)} ${originalOf(change.path)}`;
  if (change.validate === undefined) return `valid() { :; }; ${put}`;
  const check = change.validate
    .map((word) =>
      word
        .split("{}")
        .map((part) => (part === "" ? "" : quote(part)))
        .join('"$T"'),
    )
    .join(" ");
  return `valid() { ${check}; }; ${put}`;
}
