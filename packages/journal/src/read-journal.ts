import { watch } from "node:fs";
import { open } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { type Clock, type JournalEntry, systemClock } from "@slipway/model";
import { fail } from "./errors.ts";
import { Decoder } from "./format.ts";

/** The reading half of a journal. */
export interface JournalReader<T> {
  /** Entries after `seq` (default: all), to the last whole line. A line that is being written is left out. */
  read(afterSeq?: number): AsyncIterable<JournalEntry<T>>;
  /** As `read`, then goes on with new entries until the signal aborts. */
  follow(afterSeq: number, signal: AbortSignal): AsyncIterable<JournalEntry<T>>;
}

/** Where the system's notices of change do not arrive (some shared folders), a look this often finds what is new. */
const lookMs = 1_000;

/**
 * Reads a journal that another process may be writing. Takes no lock and changes nothing. A file that does not exist yet reads as
 * empty. Throws `journal.corrupt`, also when the file became shorter while it is followed.
 */
export function readJournal<T>(path: string, options: { readonly clock?: Clock } = {}): JournalReader<T> {
  const clock = options.clock ?? systemClock;
  return {
    async *read(afterSeq = 0) {
      const decoder = new Decoder<T>(path);
      for await (const entry of more(path, decoder)) if (entry.seq > afterSeq) yield entry;
    },
    async *follow(afterSeq, signal) {
      const decoder = new Decoder<T>(path);
      while (!signal.aborted) {
        // Watching begins before reading, so that no change falls between.
        using change = changes(path, clock, signal);
        for await (const entry of more(path, decoder)) {
          if (signal.aborted) return;
          if (entry.seq > afterSeq) yield entry;
        }
        await change.next;
      }
    },
  };
}

/** Reads on from where the decoder stands. */
async function* more<T>(path: string, decoder: Decoder<T>): AsyncGenerator<JournalEntry<T>, void, undefined> {
  const start = decoder.head.bytes + decoder.rest.length;
  const file = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" && start === 0) return undefined;
    throw error;
  });
  if (file === undefined) return;
  try {
    const { size } = await file.stat();
    if (size < decoder.head.bytes) {
      throw fail("journal.corrupt", `${path} became shorter than its ${decoder.head.seq} lines`);
    }
    // The unfinished line was cut and another may follow in its place, so it is read again.
    const fresh = new Decoder<T>(path, decoder.head);
    for await (const chunk of file.createReadStream({ start: decoder.head.bytes, autoClose: false })) {
      for (const entry of fresh.push(chunk as Buffer)) {
        decoder.moveTo(fresh.head);
        yield entry;
      }
    }
  } finally {
    await file.close();
  }
}

function changes(path: string, clock: Clock, signal: AbortSignal): { readonly next: Promise<void> } & Disposable {
  const stop = new AbortController();
  const first = Promise.withResolvers<void>();
  const onAbort = (): void => first.resolve();
  signal.addEventListener("abort", onAbort, { once: true });
  const name = basename(path);
  let watcher: ReturnType<typeof watch> | undefined;
  try {
    watcher = watch(dirname(path), (_, changed) => {
      if (changed === null || changed === name) first.resolve();
    });
    watcher.on("error", () => {});
  } catch {
    // No folder yet, or no watches left: looking now and then remains.
  }
  clock.sleep(lookMs, stop.signal).then(
    () => first.resolve(),
    () => {},
  );
  return {
    next: first.promise,
    [Symbol.dispose]() {
      watcher?.close();
      stop.abort();
      signal.removeEventListener("abort", onAbort);
    },
  };
}
