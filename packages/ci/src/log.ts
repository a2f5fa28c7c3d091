import { once } from "node:events";
import { stripVTControlCharacters } from "node:util";
import type { Clock, Connection } from "@slipway/model";
import { logPath, type Repository } from "./repository.ts";

/** Where a step's output goes. Bytes are kept as they came. */
export interface StepLog {
  write(bytes: Uint8Array): Promise<void>;
  /** A line of the CI's own. */
  note(text: string): Promise<void>;
  /** The last lines, made safe to show: no control characters. */
  tail(): string;
  /** Ends the file; after it, `<path>.done` exists. */
  close(): Promise<void>;
}

const tailBytes = 4096;
const tailLines = 30;

/** Text without escape sequences and control characters, but with its line ends. */
export const printable = (text: string): string =>
  stripVTControlCharacters(text).replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "");

/** Starts a step's log on the CI's host, empty. One that would grow over `maxBytes` is cut there, and says so. */
export async function openLog(
  connection: Connection,
  at: { readonly repository: Repository; readonly run: string; readonly step: string },
  maxBytes: number,
): Promise<StepLog> {
  const path = logPath(at.repository, at.run, at.step);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell expands it
  const keep = 'umask 027; mkdir -p "${1%/*}" && rm -f "$1.done" && cat >"$1"; : >"$1.done"';
  const process = await connection.spawn(["sh", "-c", keep, "sh", path]);
  process.stdout.resume();
  process.stderr.resume();
  // A broken connection is told by the run's next command; here it must only not be unhandled.
  process.exit.catch(() => {});
  process.stdin.on("error", () => {});
  let written = 0;
  let last = Buffer.alloc(0);
  const send = async (bytes: Uint8Array): Promise<void> => {
    if (process.stdin.destroyed || process.stdin.write(bytes)) return;
    await Promise.race([once(process.stdin, "drain"), once(process.stdin, "close"), process.exit.catch(() => {})]);
  };
  const write = async (bytes: Uint8Array): Promise<void> => {
    last = Buffer.concat([last, bytes]).subarray(-tailBytes);
    const room = maxBytes - written;
    if (room <= 0) return;
    written += bytes.length;
    await send(bytes.subarray(0, room));
    if (bytes.length > room) await send(Buffer.from(`\n[the log is cut here, at ${maxBytes} bytes]\n`));
  };
  return {
    write,
    note: (text) => write(Buffer.from(`${text}\n`)),
    tail: () => printable(last.toString("utf8")).trimEnd().split("\n").slice(-tailLines).join("\n"),
    async close() {
      process.stdin.end();
      await process.exit.catch(() => {});
    },
  };
}

/**
 * The part of a step's log after `fromByte`, or with `last` its end, at most `maxBytes` of it, and whether it has ended. Empty for a log
 * that has not begun.
 */
export async function readLog(
  connection: Connection,
  at: { readonly repository: Repository; readonly run: string; readonly step: string },
  { fromByte = 0, maxBytes = 1 << 20, last = false } = {},
): Promise<{ readonly bytes: Uint8Array; readonly ended: boolean }> {
  const path = logPath(at.repository, at.run, at.step);
  // Whether it has ended is looked at first: what is read after that is all there is. base64, because output is text.
  const read =
    'if [ -e "$1.done" ]; then echo ended; else echo open; fi; [ ! -f "$1" ] || tail -c "$2" "$1" | head -c "$3" | base64';
  const from = last ? String(maxBytes) : `+${fromByte + 1}`;
  const command = ["sh", "-c", read, "sh", path, from, String(maxBytes)] as const;
  const { stdout } = await connection.exec(command, { timeoutMs: 30_000, maxOutputBytes: maxBytes * 2 + 4096 });
  const line = stdout.indexOf("\n");
  const bytes = Buffer.from(stdout.slice(line + 1).replaceAll("\n", ""), "base64");
  return { bytes, ended: stdout.slice(0, line) === "ended" && bytes.length < maxBytes };
}

/** A step's log from a byte on, in pieces as it grows; ends with the log. A viewer that lost its connection goes on at its byte. */
export async function* followLog(
  connection: Connection,
  at: { readonly repository: Repository; readonly run: string; readonly step: string },
  options: {
    readonly fromByte?: number;
    readonly signal: AbortSignal;
    readonly clock: Clock;
    readonly everyMs?: number;
  },
): AsyncGenerator<Uint8Array> {
  let from = options.fromByte ?? 0;
  for (;;) {
    options.signal.throwIfAborted();
    const { bytes, ended } = await readLog(connection, at, { fromByte: from });
    from += bytes.length;
    if (bytes.length > 0) yield bytes;
    else if (ended) return;
    else await options.clock.sleep(options.everyMs ?? 300, options.signal);
  }
}
