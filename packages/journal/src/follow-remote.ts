import { type Command, type Connection, type JournalEntry, SlipwayError } from "@slipway/model";
import { Decoder } from "./format.ts";

/** Prints a journal; one that is missing reads as empty. */
export const readCommand = (path: string): Command => [
  "sh",
  "-c",
  '[ -e "$1" ] || exit 0; exec cat -- "$1"',
  "sh",
  path,
];

/** Ends `tail` when standard input ends, which is also what a broken connection looks like from the host. */
const followScript = `tail -c +1 -F -- "$1" 2>/dev/null &
t=$!
exec 3<&0 0</dev/null
{ cat <&3; kill "$t"; } >/dev/null 2>&1 &
exec 3<&-
wait "$t"
exit 0`;

/**
 * Entries of a journal on a host after `seq`, and then new ones as they come, until the signal aborts. Throws when the connection
 * breaks (go on from the last entry with a new one), and `journal.corrupt`.
 */
export async function* followRemote<T>(
  connection: Connection,
  path: string,
  afterSeq: number,
  signal: AbortSignal,
): AsyncGenerator<JournalEntry<T>, void, undefined> {
  let seen = afterSeq;
  while (!signal.aborted) {
    try {
      for await (const entry of followOnce<T>(connection, path, seen, signal)) {
        yield entry;
        seen = entry.seq;
      }
      return;
    } catch (error) {
      // When a torn line is cut, tail begins anew; that is told from damage by a look at the whole file.
      if (!(error instanceof SlipwayError) || error.code !== "journal.corrupt") throw error;
      const whole = await connection.exec(readCommand(path), { signal });
      const decoder = new Decoder<T>(`${path} on ${connection.host}`);
      for (const _ of decoder.push(Buffer.from(whole.stdout)));
      if (decoder.head.seq < seen) throw error;
    }
  }
}

async function* followOnce<T>(
  connection: Connection,
  path: string,
  afterSeq: number,
  signal: AbortSignal,
): AsyncGenerator<JournalEntry<T>, void, undefined> {
  const process = await connection.spawn(["sh", "-c", followScript, "sh", path]);
  process.stderr.resume();
  process.stderr.on("error", () => {});
  const stop = (): void => {
    process.stdin.end();
    process.kill();
  };
  signal.addEventListener("abort", stop, { once: true });
  const decoder = new Decoder<T>(`${path} on ${connection.host}`);
  try {
    for await (const chunk of process.stdout as AsyncIterable<Buffer>) {
      for (const entry of decoder.push(chunk)) {
        if (signal.aborted) return;
        if (entry.seq > afterSeq) yield entry;
      }
    }
    if (!signal.aborted) await process.exit;
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
    process.exit.catch(() => {});
  }
}
