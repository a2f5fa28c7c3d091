import type { Connection, JournalEntry } from "@slipway/model";
import { fail } from "./errors.ts";

/** All whole entries of a journal on a host; none when it does not exist. A last line without its end is being written. */
export async function readRemoteJournal<T>(connection: Connection, path: string): Promise<readonly JournalEntry<T>[]> {
  const read = ["sh", "-c", '[ ! -e "$1" ] || cat "$1"', "sh", path] as const;
  const { status, stdout, stderr } = await connection.exec(read, { timeoutMs: 60_000 });
  if (status !== 0) throw fail("ci.journal", `${path} cannot be read: ${stderr.trim()}`);
  const lines = stdout.split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as JournalEntry<T>);
}
