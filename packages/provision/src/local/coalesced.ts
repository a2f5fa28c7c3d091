import { setImmediate } from "node:timers/promises";

/**
 * Runs `work` once at a time. Who asks in one turn of the event loop, or while it runs, shares the run that begins after that: what it reads is
 * never older than what was there when they asked.
 */
export function coalesced<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;
  return () => {
    next ??= running
      .then(() => setImmediate())
      .then(() => {
        next = undefined;
        const now = work();
        running = now.catch(() => undefined);
        return now;
      });
    return next;
  };
}
