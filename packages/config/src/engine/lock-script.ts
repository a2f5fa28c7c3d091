import { quote } from "@slipway/model";
import { endOfFrame } from "./frames.ts";

export interface LockRequest {
  readonly folder: string;
  /** Random, the same for all sessions of one run. */
  readonly run: string;
  /** For people. */
  readonly holder: string;
  readonly waitSeconds: number;
}

/** Longest time in seconds that a change of a run which was cut off may take. */
const patience = 3_600;
/** How often a lock that is held is looked at. */
const looksPerSecond = 5;
/** Programs that every run needs. Without flock a lock could be neither taken nor seen to be free. */
const tools = "flock base64 readlink mktemp sync";
/** A session that was sent nothing for so long belongs to nobody: its operator sleeps, or the link is gone without a word. */
const idleSeconds = 120;
/** So much longer when it works, unless it makes a change: readings of a slow disk, or an answer that nobody takes any more. */
const workSeconds = 600;

/**
 * Shell text that takes the lock of the host and keeps it on descriptor 9 for as long as the session lives: the kernel frees
 * it whatever happens to the holder. An earlier session of the same run, whose link broke without a word, is ended once its
 * change is done; so is a run whose operator is gone (its shell has no parent). Others are waited for `waitSeconds`.
 * A guarded change that an earlier run left half done is taken back first, so that what is guarded is always what was there before.
 * Frame `lock`: status 0, or 1 with the holder as text. Frame `waiting` may come before.
 */
export const lockScript = ({
  folder,
  run,
  holder,
  waitSeconds,
}: LockRequest): string => `S=${quote(folder)} R=${quote(run)}
for t in ${tools}; do command -v "$t" >/dev/null || { echo "there is no program $t" >&2; exit 72; }; done
[ -d "$S/pending" ] || { mkdir -p -m 0700 "$S" && mkdir -p "$S/pending"; } || exit 71
exec 9>>"$S/lock"
got=y
if ! flock -n 9; then
got= w=${Math.ceil(waitSeconds * looksPerSecond)} told=
while ! flock -n 9; do
h=p= r= n=
read -r p r n <"$S/holder" 2>/dev/null
if [ "$r" = "$R" ]; then
w=${patience * looksPerSecond}
[ -e "$S/busy" ] || kill -KILL "$p" 2>/dev/null
else
q=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/\${p:-none}/status" 2>/dev/null)
[ -n "$told" ] || case $q in ''|1) w=${patience * looksPerSecond} ;; esac
[ -n "$told" ] || { printf %s "$n"; ${endOfFrame("waiting", "0")}; }
fi
told=yes
[ "$w" -gt 0 ] || break
w=$((w-1))
sleep ${1 / looksPerSecond}
done
flock -n 9 && got=y
fi
if [ -n "$got" ]; then
l=; read -r _ l _ <"$S/holder" 2>/dev/null
printf '%s %s %s\\n' "$$" "$R" ${quote(holder)} >"$S/holder"
[ ! -e "$S/busy" ] || rm -f "$S/busy"
for a in "$S"/guard/*/armed; do
[ -e "$a" ] && a=\${a%/armed} && [ "$(cat "$a/run")" != "$R" ] && echo '0 -' >"$a/armed" && sh "$a/watch"
done
${endOfFrame("lock", "0")}
else
read -r p r n <"$S/holder" 2>/dev/null && printf %s "$n"
${endOfFrame("lock", "1")}
exit 75
fi
for a in "$S"/pending/*; do [ ! -e "$a" ] || printf '%s\\n' "\${a##*/}"; done
${endOfFrame("pending")}
[ "$l" != "$R" ] || tail -n 1 "$S/journal" 2>/dev/null
${endOfFrame("journal")}
[ "$l" != "$R" ] || tail -c 65536 "$S/output" 2>/dev/null
${endOfFrame("output")}
${watchdog}`;

/**
 * Ends the session's shell when it waited for input for too long, so that a lock is not held by nobody. While it works, such as on
 * readings of a slow disk, it has longer.
 */
const watchdog = `beat() { read -r u _ </proc/uptime && echo "$((\${u%.*} + \${1-0}))" >"$S/beat"; }
begins() { beat ${workSeconds}; }
ends() { beat; }
begins
(
exec 9>&-
trap '' HUP
while sleep 5 && kill -0 $$ 2>/dev/null; do
read -r u _ </proc/uptime
read -r t <"$S/beat" || continue
read -r p _ <"$S/holder" || break
[ "$p" = $$ ] || break
[ ! -e "$S/busy" ] && [ $((\${u%.*} - t)) -gt ${idleSeconds} ] && kill -KILL $$
done
) </dev/null >/dev/null 2>&1 &`;

/** What the journal of a host says last, and what that change printed. */
export interface LastChange {
  readonly run: string;
  readonly item: string;
  /** Undefined while it runs, or when it was cut off. */
  readonly status?: number;
  /** Index of the change that was tried last. */
  readonly index: number;
  readonly output: string;
}

/** Understands a line of the journal: `<time> <run> <item> begun`, or `… done <index> <status>`. */
export function lastChangeOf(line: string, output: string): LastChange | undefined {
  const [, run, item, word, index, status] = line.trim().split(" ");
  if (run === undefined || item === undefined) return undefined;
  return {
    run,
    item,
    index: Number(index ?? 0),
    output,
    ...(word === "done" ? { status: Number(status) } : {}),
  };
}
