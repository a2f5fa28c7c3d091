import { setTimeout as delay } from "node:timers/promises";

/** Held until disposed of, or until the process dies, however it dies. */
export interface Lock extends AsyncDisposable {
  release(): void;
}

/**
 * A lock of the kernel on a file, tried until `signal` fires; then undefined. Node has no flock, but SQLite takes the kernel's
 * locks (fcntl) and works across containers that mount the same folder. Nothing is ever stored in the file.
 */
export const takeLock = async (path: string, signal: AbortSignal): Promise<Lock | undefined> => {
  const { DatabaseSync } = await import("node:sqlite");
  while (!signal.aborted) {
    const database = new DatabaseSync(path);
    try {
      database.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
      const release = () => {
        if (database.isOpen) database.close();
      };
      return { release, [Symbol.asyncDispose]: async () => release() };
    } catch (cause) {
      database.close();
      if (!(cause instanceof Error && cause.message.includes("locked"))) throw cause;
    }
    await delay(20, undefined, { signal }).catch(() => {});
  }
  return undefined;
};
