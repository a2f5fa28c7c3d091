import { dataFolder } from "@slipway/deploy";
import type { Connection } from "@slipway/model";
import { fail } from "../errors.ts";

/** The ledger's events as they lie on the host's disk. */
export interface StreamSeen {
  readonly events: number;
  readonly bytes: number;
  readonly sha256: string;
}

const file = `${dataFolder("ledger", "core")}/events.jsonl`;

/** The stream, or only its first bytes. */
export async function seeStream(connection: Connection, bytes?: number): Promise<StreamSeen> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell fills it in
  const script = 'set -e; n=${2:-$(wc -c <"$1")}; head -c "$n" "$1" | wc -l; echo "$n"; head -c "$n" "$1" | sha256sum';
  const { status, stdout, stderr } = await connection.exec([
    "sh",
    "-c",
    script,
    "sh",
    file,
    ...(bytes === undefined ? [] : [String(bytes)]),
  ]);
  if (status !== 0) throw fail("ops.drill", `the ledger's events cannot be read: ${stderr.trim()}`);
  const [lines = "0", size = "0", sum = ""] = stdout.split("\n");
  return { events: Number(lines), bytes: Number(size), sha256: sum.split(" ")[0] ?? "" };
}

/** Throws unless every event that was there before is there still, byte for byte. */
export async function requireKept(connection: Connection, before: StreamSeen): Promise<StreamSeen> {
  const now = await seeStream(connection);
  const prefix = now.bytes >= before.bytes ? await seeStream(connection, before.bytes) : now;
  if (prefix.sha256 !== before.sha256)
    throw fail("ops.drill", `of ${before.events} events not all are there: ${now.events} now`);
  return now;
}
