import {
  type Change,
  type Command,
  commandLine,
  filled,
  isCommand,
  isRemoval,
  isWrite,
  quote,
  type Reading,
} from "@slipway/model";
import { endOfFrame } from "./frames.ts";

/** Where a host keeps its lock, and what must follow a change and was not done yet. */
export const defaultStateFolder = "/var/lib/slipway/config";

/** Readings that one command answers. */
export interface Batch {
  readonly command: Command;
  readonly readings: readonly Reading<unknown>[];
}

/** What tells one reading from another. */
export const readingKey = (reading: Reading<unknown>): string => JSON.stringify([reading.read, reading.of ?? null]);

/** Merges readings with the same command into one with all their subjects, each once. */
export function batches(readings: Iterable<Reading<unknown>>): readonly Batch[] {
  const groups = new Map<string, { read: Command; subjects: Set<string>; readings: Map<string, Reading<unknown>> }>();
  for (const reading of readings) {
    // A reading without subjects asks for its command as it is, so it is no part of one with subjects.
    const key = JSON.stringify([reading.read, reading.of === undefined]);
    const group = groups.get(key) ?? { read: reading.read, subjects: new Set(), readings: new Map() };
    groups.set(key, group);
    for (const subject of reading.of ?? []) group.subjects.add(subject);
    group.readings.set(readingKey(reading), reading);
  }
  return [...groups.values()].map((group) => ({
    command: [...group.read, ...group.subjects] as unknown as Command,
    readings: [...group.readings.values()],
  }));
}

/** Shell text that runs the batches; each answers with a frame named r0, r1, … */
export const readingScript = (all: readonly Batch[]): string =>
  all.map((batch, index) => `${commandLine(batch.command)} 2>/dev/null 9>&-\n${endOfFrame(`r${index}`)}`).join("\n");

/** Set once at the start of every session, whoever's login shell started it. */
export const prologue = (nonce: string): string => `N=${quote(nonce)}
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
unset LANGUAGE
umask 022
cd /
${endOfFrame("hello", "0")}`;

/**
 * Defined once in a session that changes something. \`put\` writes beside and renames, so that a reader sees the old file or
 * the new one; a link is followed first; the name is unpredictable as the folder may belong to a user.
 */
export const changePrologue = `trap '' HUP
O=$(mktemp) || exit 70
trap 'rm -f "$O"' EXIT
put() {
t=$(readlink -f -- "$1") || t=$1
d=\${t%/*} b=\${t##*/}
d=\${d:-/}
rm -f -- "$d/.$b.slipway-"??????
T=$(umask 077 && mktemp "$d/.$b.slipway-XXXXXX") || return
printf %s "$4" | base64 -d >"$T" && chown -h "$2" "$T" && chmod "$3" "$T" && valid && sync "$T" && mv -fT -- "$T" "$t" && sync "$d" && return 0
set -- "$?"
rm -f -- "$T"
return "$1"
}`;

/**
 * Shell text that takes the lock of the host and keeps it on descriptor 9 for as long as the session lives: the kernel frees
 * it whatever happens to the holder. A holder without a parent is an interrupted run that finishes its last change: it is
 * waited for. Frame `lock`: status 0, or 1 with the holder as text. Frame `waiting` may come before.
 */
export const lockScript = (folder: string, holder: string, waitSeconds: number): string => `S=${quote(folder)}
mkdir -p "$S/pending" || exit 71
exec 9>>"$S/lock"
if ! flock -n 9; then
h=$(cat "$S/holder" 2>/dev/null) p=\${h%% *}
p=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/\${p:-none}/status" 2>/dev/null)
w=${Math.ceil(waitSeconds)}
case $p in ''|1) w=900 ;; esac
printf '%s' "\${h#* }"
${endOfFrame("waiting", "0")}
while ! flock -n 9 && [ "$w" -gt 0 ]; do w=$((w-1)); sleep 1; done
fi
if flock -n 9; then
printf '%s %s' "$$" ${quote(holder)} >"$S/holder"
${endOfFrame("lock", "0")}
else
cat "$S/holder" 2>/dev/null | cut -d ' ' -f 2-
${endOfFrame("lock", "1")}
exit 75
fi
ls "$S/pending"
${endOfFrame("pending")}`;

/** Secrets by name, opened for this run only. */
export type Revealed = ReadonlyMap<string, string>;

export interface ChangeContext {
  /** Ids of what has to follow. */
  readonly mark: readonly string[];
  /** Id of what is done with these changes. */
  readonly clear?: string;
  readonly revealed: Revealed;
}

/**
 * Shell text that makes changes one after the other until one fails. What follows the change is noted on the disk before, so
 * that it is not lost when this run ends early. Frame `c<index of the last one tried>` holds the output and the status.
 */
export function changeScript(changes: readonly Change[], more: ChangeContext): string {
  const marks = more.mark.map((id) => `"$S/pending/${id}"`).join(" ");
  const lines = [
    ': >"$O"',
    "i=0 s=0",
    ...(marks === "" ? [] : [`{ touch -- ${marks} && sync ${marks} "$S/pending"; } >>"$O" 2>&1 || s=$?`]),
    ...changes.map(
      (change, index) =>
        `[ "$s" -ne 0 ] || { i=${index}; ${changeText(change, more.revealed)}; } >>"$O" 2>&1 9>&- || s=$?`,
    ),
    ...(more.clear === undefined ? [] : [`[ "$s" -ne 0 ] || rm -f -- "$S/pending/${more.clear}"`]),
    'tail -c 65536 "$O"',
    `printf '\\n%s c%s %s\\n' "$N" "$i" "$s"`,
  ];
  return lines.join("\n");
}

function changeText(change: Change, revealed: Revealed): string {
  if (isCommand(change)) return commandLine(change);
  if (isRemoval(change)) return commandLine(["rm", "-f", "--", change.remove]);
  const content = isWrite(change) ? change.content : change.input;
  const encoded = Buffer.from(
    filled(content, (secret) => revealed.get(secret.name) ?? ""),
    "utf8",
  ).toString("base64");
  if (!isWrite(change)) return `printf %s ${quote(encoded)} | base64 -d | ${commandLine(change.run)}`;
  const put = `put ${quote(change.path)} ${quote(`${change.owner}:${change.group}`)} ${quote(change.mode)} ${quote(encoded)}`;
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

/** What goes to the shell at once. In one compound command, so that a script cut short by a broken connection does nothing; nobody reads the rest of it as input. */
export const message = (body: string): string => `{\n${body}\n${endOfFrame("end", "0")}\n} </dev/null\n`;
