import type { Clock, VirtualClock } from "@slipway/model";

/** A clock that a sleep moves on at once. */
export function hurriedClock(): Clock & { readonly slept: readonly number[] } {
  const slept: number[] = [];
  let time = 0;
  return {
    slept,
    now: () => time,
    monotonic: () => time,
    sleep: (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      time += ms;
      return Promise.resolve();
    },
  };
}

/** Moves a virtual clock on, `stepMs` at a time, until the work is done. */
export async function finished<T>(clock: VirtualClock, work: Promise<T>, stepMs = 10): Promise<T> {
  const over = new AbortController();
  const settled = work.finally(() => over.abort());
  settled.catch(() => {});
  for (let steps = 0; !over.signal.aborted; steps += 1) {
    // What is not of the clock, such as the body of a response, has its turn.
    await new Promise((resolve) => setImmediate(resolve));
    if (clock.sleeping > 0) await clock.advance(stepMs);
    if (steps > 500_000) throw new Error("the work does not end");
  }
  return settled;
}
