import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { type Clock, type Journal, type JournalEntry, type SlipwayError, systemClock } from "@slipway/model";
import { fail } from "./errors.ts";
import { Decoder, emptyHead, encode, type Head, textOf } from "./format.ts";
import { lockFile } from "./lock.ts";

export interface FileJournalOptions {
  /** Ends waiting for the lock. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  /** How long to wait for another writer to end. Default 0: `journal.locked` at once. */
  readonly waitMs?: number;
  /** Told how many bytes of a torn last line were cut when the journal was opened. */
  readonly onCut?: (bytes: number) => void;
}

export interface FileJournal<T> extends Journal<T> {
  /** Bytes of a torn last line that were cut when it was opened: a record that was never acknowledged. */
  readonly cutBytes: number;
}

interface Waiting<T> {
  readonly at: number;
  /** The record as JSON. */
  readonly text: string;
  readonly keep: (entry: JournalEntry<T>) => void;
  readonly refuse: (error: unknown) => void;
}

/**
 * Opens the journal at `path` for writing, making file and folder when they are missing. The whole file is checked. Appends that come
 * together share one write and one fsync. Throws `journal.locked` when another process writes it, `journal.corrupt` when it is damaged.
 */
export async function fileJournal<T>(path: string, options: FileJournalOptions = {}): Promise<FileJournal<T>> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const lock = await lockFile(`${path}.lock`, options);
  let file: FileHandle | undefined;
  try {
    // Read and write without truncating; made when missing.
    file = await open(path, "a+", 0o600);
    const decoder = new Decoder<T>(path);
    for await (const chunk of file.createReadStream({ start: 0, autoClose: false })) {
      for (const _ of decoder.push(chunk as Buffer));
    }
    decoder.checkTorn();
    const cutBytes = decoder.rest.length;
    if (cutBytes > 0) {
      await file.truncate(decoder.head.bytes);
      options.onCut?.(cutBytes);
    }
    // Without this a crash may take back the name of a new file, or the cut.
    await file.sync();
    await syncFolder(folder);
    return new Writer<T>(path, file, lock, decoder.head, cutBytes, options.clock ?? systemClock);
  } catch (error) {
    await file?.close();
    lock[Symbol.dispose]();
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

class Writer<T> implements FileJournal<T> {
  readonly cutBytes: number;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #lock: Disposable;
  readonly #clock: Clock;
  #head: Head;
  #waiting: Waiting<T>[] = [];
  #flushing: Promise<void> | undefined;
  #broken: SlipwayError | undefined;
  #followers = new Set<() => void>();

  constructor(path: string, file: FileHandle, lock: Disposable, head: Head, cutBytes: number, clock: Clock) {
    this.#path = path;
    this.#file = file;
    this.#lock = lock;
    this.#head = head;
    this.cutBytes = cutBytes;
    this.#clock = clock;
  }

  async append(record: T): Promise<JournalEntry<T>> {
    if (this.#broken !== undefined) throw this.#broken;
    // Taken now: the caller may change the record before it is written.
    const text = textOf(record);
    return new Promise((keep, refuse) => {
      this.#waiting.push({ at: this.#clock.now(), text, keep, refuse });
      this.#flushing ??= this.#flush();
    });
  }

  async #flush(): Promise<void> {
    // Lets appends of the same turn share the first write.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#write(this.#waiting.splice(0));
    // In the same turn as the look at what waits, so that no append falls between.
    this.#flushing = undefined;
  }

  async #write(batch: readonly Waiting<T>[]): Promise<void> {
    let head = this.#head;
    let text = "";
    const kept: (() => void)[] = [];
    for (const waiting of batch) {
      const next = encode(head, waiting.at, waiting.text);
      text += next.line;
      head = next.head;
      // As a reader will see it.
      const entry = { seq: head.seq, at: waiting.at, record: JSON.parse(waiting.text) as T };
      kept.push(() => waiting.keep(entry));
    }
    try {
      if (this.#broken !== undefined) throw this.#broken;
      await this.#keep(Buffer.from(text));
    } catch (error) {
      for (const waiting of batch) waiting.refuse(error);
      return;
    }
    this.#head = head;
    for (const tell of kept) tell();
    for (const wake of this.#followers) wake();
  }

  async #keep(bytes: Buffer): Promise<void> {
    try {
      // Appends at the end, which is the head: the file was opened for appending and is ours alone.
      for (let done = 0; done < bytes.length; ) {
        done += (await this.#file.write(bytes, done)).bytesWritten;
      }
    } catch (cause) {
      await this.#takeBack();
      throw fail("journal.write", `a record could not be written to ${this.#path}`, { cause });
    }
    try {
      await this.#file.datasync();
    } catch (cause) {
      // The kernel may have dropped the pages and say nothing next time, so nothing after this can be trusted.
      this.#broken = fail("journal.broken", `${this.#path} could not be synced`, { cause });
      throw this.#broken;
    }
  }

  /** Cuts a half-written batch, so that a full disk leaves a whole journal. */
  async #takeBack(): Promise<void> {
    try {
      await this.#file.truncate(this.#head.bytes);
      await this.#file.datasync();
    } catch (cause) {
      this.#broken = fail("journal.broken", `${this.#path} could not be restored after a failed write`, { cause });
    }
  }

  async *read(afterSeq = 0): AsyncGenerator<JournalEntry<T>, void, undefined> {
    const { bytes } = this.#head;
    yield* readUpTo<T>(this.#path, emptyHead, bytes, (seq) => seq > afterSeq);
  }

  async *follow(afterSeq: number, signal: AbortSignal): AsyncGenerator<JournalEntry<T>, void, undefined> {
    let wake = Promise.withResolvers<void>();
    const onChange = (): void => wake.resolve();
    this.#followers.add(onChange);
    signal.addEventListener("abort", onChange, { once: true });
    try {
      let from: Head = emptyHead;
      while (!signal.aborted) {
        if (from.bytes === this.#head.bytes) {
          if (this.#broken !== undefined) return;
          await wake.promise;
          wake = Promise.withResolvers<void>();
          continue;
        }
        const to = this.#head;
        for await (const entry of readUpTo<T>(this.#path, from, to.bytes, (seq) => seq > afterSeq)) {
          yield entry;
          if (signal.aborted) return;
        }
        from = to;
      }
    } finally {
      this.#followers.delete(onChange);
      signal.removeEventListener("abort", onChange);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = fail("journal.closed", `${this.#path} is closed`);
    await this.#flushing;
    if (this.#broken?.code === closed.code) return;
    this.#broken = closed;
    for (const wake of this.#followers) wake();
    await this.#file.close();
    this.#lock[Symbol.dispose]();
  }
}

/** Entries between two places of a file, checked line by line. */
async function* readUpTo<T>(
  path: string,
  from: Head,
  end: number,
  wanted: (seq: number) => boolean,
): AsyncGenerator<JournalEntry<T>, void, undefined> {
  if (end <= from.bytes) return;
  const decoder = new Decoder<T>(path, from);
  for await (const chunk of createReadStream(path, { start: from.bytes, end: end - 1 })) {
    for (const entry of decoder.push(chunk as Buffer)) if (wanted(entry.seq)) yield entry;
  }
}
