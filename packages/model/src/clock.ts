/** Time as a value that is passed in, so that tests advance it by hand. */
export interface Clock {
  /** Wall time in ms since 1970; may jump. For records and display. */
  now(): number;
  /** Monotonic ms since an arbitrary start; never jumps. For durations and deadlines. */
  monotonic(): number;
  /** Resolves after `spanMs`; rejects with the signal's reason when it aborts first. */
  sleep(spanMs: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (spanMs, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      }, spanMs);
      signal?.addEventListener("abort", onAbort, { once: true });
    }),
};

export interface VirtualClock extends Clock {
  /** Moves time forward, waking sleepers in the order of their deadlines, and lets each finish its turn before the next wakes. */
  advance(spanMs: number): Promise<void>;
  /** Moves wall time alone, as an NTP step or an administrator would. */
  jump(spanMs: number): void;
  /** How many sleepers wait. */
  readonly sleeping: number;
}

/** A clock that stands still until it is told to move. */
export function virtualClock(startMs = 0): VirtualClock {
  let wall = startMs;
  let mono = 0;
  let serial = 0;
  const sleepers: { due: number; serial: number; wake: () => void }[] = [];
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  return {
    now: () => wall,
    monotonic: () => mono,
    sleep: (spanMs, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason);
        serial += 1;
        const sleeper = { due: mono + spanMs, serial, wake: resolve };
        sleepers.push(sleeper);
        signal?.addEventListener(
          "abort",
          () => {
            const at = sleepers.indexOf(sleeper);
            if (at >= 0) sleepers.splice(at, 1);
            reject(signal.reason);
          },
          { once: true },
        );
      }),
    async advance(spanMs) {
      const end = mono + spanMs;
      for (;;) {
        sleepers.sort((a, b) => a.due - b.due || a.serial - b.serial);
        const next = sleepers[0];
        if (next === undefined || next.due > end) break;
        sleepers.shift();
        wall += next.due - mono;
        mono = next.due;
        next.wake();
        await settle();
      }
      wall += end - mono;
      mono = end;
      await settle();
    },
    jump(spanMs) {
      wall += spanMs;
    },
    get sleeping() {
      return sleepers.length;
    },
  };
}
