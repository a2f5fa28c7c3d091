import { readFile, stat } from "node:fs/promises";
import { type Clock, systemClock } from "@slipway/model";
import { fail } from "./errors.ts";

export interface LockOptions {
  /** Keeps trying for so long. Default 0: one attempt. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/**
 * Holds a file for this process alone until it is disposed or the process dies, however it dies: the kernel gives the lock back. It is
 * the POSIX lock that SQLite takes on the file, as Node itself offers none; `path` stays behind, empty, and means nothing by itself.
 * A second lock within the same process is refused too. Throws `journal.locked` naming the holder when the kernel tells.
 */
export async function lockFile(path: string, options: LockOptions = {}): Promise<Disposable> {
  const { DatabaseSync } = await import("node:sqlite");
  const clock = options.clock ?? systemClock;
  const giveUp = clock.monotonic() + (options.waitMs ?? 0);
  for (;;) {
    options.signal?.throwIfAborted();
    const database = new DatabaseSync(path);
    try {
      // Nothing is ever written into it, so that no rollback file is needed.
      database.exec("PRAGMA journal_mode = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
      return { [Symbol.dispose]: () => database.close() };
    } catch (error) {
      database.close();
      const busy = error instanceof Error && "errcode" in error && error.errcode === 5;
      if (!busy) throw fail("journal.write", `${path} cannot be locked`, { cause: error });
      if (clock.monotonic() >= giveUp) {
        throw fail("journal.locked", `${path} is held by ${await holderOf(path)}`, { cause: error });
      }
    }
    await clock.sleep(50, options.signal);
  }
}

/** Whom the kernel names as the holder of a file's lock; only for the message. */
async function holderOf(path: string): Promise<string> {
  try {
    const { ino } = await stat(path);
    for (const line of (await readFile("/proc/locks", "utf8")).split("\n")) {
      const [, , , mode, pid, file] = line.split(/\s+/);
      if (mode === "WRITE" && file?.endsWith(`:${ino}`) === true && pid !== "0") return `process ${pid}`;
    }
  } catch {
    // No /proc here: the message does without.
  }
  return "another process";
}
