import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { encode, type LedgerEvent, type Stored } from "./event.ts";

/** The end of the event file, for its one writer. */
export interface AppendFile {
  write(text: string): Promise<void>;
  /** Returns when everything written is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface EventLog {
  /** Numbers the event at once; `durable` resolves when it is on the disk, and rejects when it never will be. */
  append(event: LedgerEvent): { readonly stored: Stored; readonly durable: Promise<void> };
  /** Resolves when everything appended so far is on the disk. */
  settled(): Promise<void>;
  /** Writes what is left and closes the file. */
  close(): Promise<void>;
}

export interface LogOptions {
  readonly file: AppendFile;
  /** Offset of the last event in the file. */
  readonly offset: number;
  /** Called before each write; throws when this process may not write any more. */
  readonly fence: () => Promise<void>;
  readonly now: () => string;
}

/**
 * Group commit: events that arrive while the disk is busy are written together by the next write and share its sync.
 * After the first failure nothing is written any more: the numbers given out would have gaps.
 *
 *     append 1 ─ write 1 ─ sync ─ durable 1
 *     append 2, 3, 4 ············ write 2–4 ─ sync ─ durable 2, 3, 4
 */
export const openLog = ({ file, offset: last, fence, now }: LogOptions): EventLog => {
  let offset = last;
  let waiting: Waiting[] = [];
  let failure: Error | undefined;
  let flushing: Promise<void> = Promise.resolve();
  let busy = false;
  let latest: Promise<void> = Promise.resolve();

  const flush = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        if (failure !== undefined) throw failure;
        await fence();
        await file.write(batch.map(({ line }) => line).join(""));
        await file.sync();
        for (const { resolve } of batch) resolve();
      } catch (cause) {
        failure = cause instanceof Error ? cause : new Error(String(cause));
        for (const { reject } of batch) reject(failure);
      }
    }
    busy = false;
  };

  return {
    append(event) {
      offset += 1;
      const stored: Stored = { offset, at: now(), ...event };
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      waiting.push({ line: encode(stored), resolve, reject });
      latest = promise;
      if (!busy) {
        busy = true;
        // Not at once: what arrives in the same turn of the event loop shares the first write.
        flushing = Promise.resolve().then(flush);
      }
      return { stored, durable: promise };
    },
    settled: () => latest,
    async close() {
      await flushing;
      await file.close();
    },
  };
};

interface Waiting {
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
}

/** Opens the file for its writer and cuts what follows `position`: the torn line of a writer that was killed. */
export const openForAppend = async (path: string, position: number): Promise<AppendFile> => {
  const file = await open(path, "a", 0o644);
  if ((await file.stat()).size > position) await file.truncate(position);
  await file.sync();
  // A new file is only safe when its folder knows it.
  const folder = await open(dirname(path), "r");
  await folder.sync();
  await folder.close();
  return {
    write: (text) => file.appendFile(text),
    sync: () => file.datasync(),
    close: () => file.close(),
  };
};
