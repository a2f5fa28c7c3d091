import {
  type Clock,
  type Command,
  type Connection,
  type Journal,
  type JournalEntry,
  systemClock,
} from "@slipway/model";
import { fail } from "./errors.ts";
import { followRemote, readCommand } from "./follow-remote.ts";
import { Decoder, encode, type Head, suffix, suffixBytes, textOf } from "./format.ts";

/**
 * Appends a line when the journal still ends as its reader saw it. The line arrives whole or not at all; what a crash cut short is removed;
 * two appends never mix, by flock where the host has it.
 */
const appendScript = `set -eu
umask 077
path=$1 size=$2 bytes=$3 good=$4 last=$5 length=$6
dir=$(dirname -- "$path")
mkdir -p -- "$dir"
if command -v flock >/dev/null; then exec 9>>"$path.lock"; flock -w 10 9; fi
[ -e "$path" ] || { : >> "$path"; sync "$dir"; }
[ "$(wc -c < "$path")" -eq "$size" ] || exit 65
[ "$good" -eq 0 ] || [ "$(head -c "$good" -- "$path" | tail -c "$length")" = "$last" ] || exit 65
tmp=$(mktemp "$path.XXXXXXXX")
trap 'rm -f -- "$tmp"' EXIT
cat > "$tmp"
[ "$(wc -c < "$tmp")" -eq "$bytes" ] || { echo "the record arrived incomplete" >&2; exit 1; }
[ "$good" -eq "$size" ] || truncate -s "$good" "$path"
cat "$tmp" >> "$path" || { truncate -s "$good" "$path"; exit 1; }
sync "$path"`;

export interface RemoteJournalOptions {
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/**
 * A journal in a file on a host, in the same format as {@link fileJournal}'s. An append is one command: it compares the end of the file
 * with what was read, so that of two writers the second gets `journal.conflict` and must open the journal again. After
 * `connection.lost` it is unknown whether the record was kept; open it again and look.
 */
export async function remoteJournal<T>(
  connection: Connection,
  path: string,
  options: RemoteJournalOptions = {},
): Promise<Journal<T>> {
  const clock = options.clock ?? systemClock;
  const where = `${path} on ${connection.host}`;
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const decoder = new Decoder<T>(where);
  const { status, stdout, stderr } = await connection.exec(readCommand(path), signal);
  if (status !== 0) throw fail("journal.missing", `${where} cannot be read: ${stderr.trim().slice(0, 300)}`);
  const entries = [...decoder.push(Buffer.from(stdout))];
  decoder.checkTorn();
  return new RemoteJournal(connection, path, clock, entries, decoder.head, decoder.head.bytes + decoder.rest.length);
}

class RemoteJournal<T> implements Journal<T> {
  readonly #connection: Connection;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #entries: JournalEntry<T>[];
  #head: Head;
  /** Of the file, with the torn line that the next append removes. */
  #size: number;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(
    connection: Connection,
    path: string,
    clock: Clock,
    entries: JournalEntry<T>[],
    head: Head,
    size: number,
  ) {
    this.#connection = connection;
    this.#path = path;
    this.#clock = clock;
    this.#entries = entries;
    this.#head = head;
    this.#size = size;
  }

  async append(record: T): Promise<JournalEntry<T>> {
    const at = this.#clock.now();
    const text = textOf(record);
    const mine = this.#last.then(() => this.#append(at, text));
    this.#last = mine.catch(() => {});
    return mine;
  }

  async #append(at: number, text: string): Promise<JournalEntry<T>> {
    const where = `${this.#path} on ${this.#connection.host}`;
    if (this.#closed) throw fail("journal.closed", `${where} is closed`);
    const { line, head } = encode(this.#head, at, text);
    const place = [this.#size, Buffer.byteLength(line), this.#head.bytes].map(String);
    const end = [suffix(this.#head.sum).trimEnd(), String(suffixBytes)];
    const command: Command = ["sh", "-c", appendScript, "sh", this.#path, ...place, ...end];
    const { status, stderr } = await this.#connection.exec(command, { stdin: line });
    if (status === 65) throw fail("journal.conflict", `${where} changed since it was read`);
    if (status !== 0) throw fail("journal.write", `${where} was not written: ${stderr.trim().slice(0, 300)}`);
    const entry = { seq: head.seq, at, record: JSON.parse(text) as T };
    this.#head = head;
    this.#size = head.bytes;
    this.#entries.push(entry);
    return entry;
  }

  async *read(afterSeq = 0): AsyncGenerator<JournalEntry<T>, void, undefined> {
    const end = this.#entries.length;
    for (let at = afterSeq; at < end; at += 1) {
      const entry = this.#entries[at];
      if (entry !== undefined) yield entry;
    }
  }

  follow(afterSeq: number, signal: AbortSignal): AsyncIterable<JournalEntry<T>> {
    return followRemote<T>(this.#connection, this.#path, afterSeq, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#last;
  }
}
