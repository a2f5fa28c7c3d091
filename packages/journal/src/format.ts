import { createHash } from "node:crypto";
import { type JournalEntry, messageOf } from "@slipway/model";
import { fail } from "./errors.ts";

/*
 * One line per record: {"seq":1,"at":1763870400000,"record":{…},"sum":"32 hex digits"}
 * The sum is the first half of SHA-256 over the sum of the line before and this line's own bytes up to the sum, so that a changed, missing,
 * repeated or moved line is noticed.
 */
const sumDigits = 32;
const sumKey = ',"sum":"';
/** Bytes of a line from the key of its sum to the line's end. */
export const suffixBytes = sumKey.length + sumDigits + 3;
/** The sum before the first line. */
export const firstSum = "0".repeat(sumDigits);

/** Where a journal stands: everything needed to append the next line. */
export interface Head {
  readonly seq: number;
  readonly sum: string;
  /** Bytes of all whole lines. */
  readonly bytes: number;
}

export const emptyHead: Head = { seq: 0, sum: firstSum, bytes: 0 };

const sumOf = (before: string, body: string | Uint8Array): string =>
  createHash("sha256").update(before).update(body).digest("hex").slice(0, sumDigits);

/** The last bytes of a journal that ends with this sum. */
export const suffix = (sum: string): string => `${sumKey}${sum}"}\n`;

/** A record as the text that is kept. Throws TypeError for what JSON cannot hold. */
export function textOf(record: unknown): string {
  const text: string | undefined = JSON.stringify(record);
  if (text === undefined) throw new TypeError("a record must be a value that JSON can hold");
  return text;
}

/** The line of the next record, and the head after it. */
export function encode(head: Head, at: number, text: string): { readonly line: string; readonly head: Head } {
  const seq = head.seq + 1;
  const body = `{"seq":${seq},"at":${at},"record":${text}`;
  const sum = sumOf(head.sum, body);
  const line = body + suffix(sum);
  return { line, head: { seq, sum, bytes: head.bytes + Buffer.byteLength(line) } };
}

/** Reads lines in order from chunks of any size, and checks each. */
export class Decoder<T> {
  #head: Head;
  #rest: Buffer = Buffer.alloc(0);
  readonly #where: string;

  constructor(where: string, head: Head = emptyHead) {
    this.#where = where;
    this.#head = head;
  }

  /** After the last whole line. */
  get head(): Head {
    return this.#head;
  }

  /** Goes to another place of the same journal, dropping an unfinished line. */
  moveTo(head: Head): void {
    this.#head = head;
    this.#rest = Buffer.alloc(0);
  }

  /** Bytes after the last whole line. */
  get rest(): Buffer {
    return this.#rest;
  }

  /** The entries that the chunk completes. Throws `journal.corrupt` naming the line. */
  *push(chunk: Uint8Array): Generator<JournalEntry<T>, void, undefined> {
    this.#rest = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    let start = 0;
    try {
      for (;;) {
        const end = this.#rest.indexOf(10, start);
        if (end < 0) return;
        const entry = this.#line(this.#rest.subarray(start, end + 1));
        start = end + 1;
        yield entry;
      }
    } finally {
      this.#rest = this.#rest.subarray(start);
    }
  }

  #line(bytes: Buffer): JournalEntry<T> {
    const seq = this.#head.seq + 1;
    const corrupt = (why: string, cause?: unknown): Error =>
      fail("journal.corrupt", `${this.#where} is damaged at line ${seq}: ${why}`, { cause });
    const body = bytes.subarray(0, Math.max(0, bytes.length - suffixBytes));
    const sum = sumOf(this.#head.sum, body);
    if (!bytes.subarray(body.length).equals(Buffer.from(suffix(sum)))) throw corrupt("its sum does not fit");
    let entry: { readonly seq: number; readonly at: number; readonly record: T };
    try {
      entry = JSON.parse(bytes.toString("utf8")) as typeof entry;
    } catch (error) {
      throw corrupt(messageOf(error), error);
    }
    if (entry.seq !== seq) throw corrupt(`it says it is line ${entry.seq}`);
    this.#head = { seq, sum, bytes: this.#head.bytes + bytes.length };
    return { seq: entry.seq, at: entry.at, record: entry.record };
  }

  /**
   * Judges what stands after the last whole line: the start of a line that a crash cut short is torn and may go. A whole line whose end was
   * changed had been acknowledged: that throws `journal.corrupt`.
   */
  checkTorn(): void {
    if (this.#rest.length === 0) return;
    const copy = new Decoder<T>(this.#where, this.#head);
    try {
      for (const _ of copy.push(Buffer.concat([this.#rest.subarray(0, -1), Buffer.from("\n")])));
    } catch {
      return;
    }
    const line = this.#head.seq + 1;
    throw fail("journal.corrupt", `${this.#where} is damaged at line ${line}: the end of its last line was changed`);
  }
}
