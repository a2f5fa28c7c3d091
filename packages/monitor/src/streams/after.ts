import type { Clock } from "@slipway/model";

/** Calls `run` once after `spanMs` of the clock's time, unless it is disposed before. */
export function after(clock: Clock, spanMs: number, run: () => void): Disposable {
  const stop = new AbortController();
  clock.sleep(spanMs, stop.signal).then(
    () => {
      // The clock may have woken this timer in the same turn in which it was disposed.
      if (!stop.signal.aborted) run();
    },
    () => {},
  );
  return { [Symbol.dispose]: () => stop.abort() };
}
