import { after } from "./after.ts";
import { type Inlet, inlet, type Op } from "./op.ts";

export interface ByOptions {
  /** A fork that got nothing for so long is disposed, with its timers. Default 15 minutes. */
  readonly idleMs?: number;
  /** Most forks at a time; a value with a further key is dropped. Default 10,000. */
  readonly max?: number;
  /** Told the key that did not fit, once until there is room again. */
  readonly onFull?: (key: string) => void;
}

/**
 * Gives each key a fork of its own: `by((event) => event.host, () => rate(10_000))`.
 * A fork that was evicted and is seen again starts afresh.
 */
export const by =
  <A, B>(key: (value: A) => string, fork: (key: string) => Op<A, B>, options: ByOptions = {}): Op<A, B> =>
  (clock, out) => {
    const idleMs = options.idleMs ?? 900_000;
    const max = options.max ?? 10_000;
    const forks = new Map<string, { readonly stage: Inlet<A>; seen: number }>();
    let sweeper: Disposable | undefined;
    let told = false;

    const sweep = (): void => {
      sweeper = undefined;
      const oldest = clock.monotonic() - idleMs;
      for (const [name, entry] of forks) {
        if (entry.seen > oldest) continue;
        entry.stage[Symbol.dispose]();
        forks.delete(name);
      }
      if (forks.size < max) told = false;
      if (forks.size > 0) sweeper = after(clock, idleMs / 2, sweep);
    };

    return inlet(
      (value) => {
        const name = key(value);
        let entry = forks.get(name);
        if (entry === undefined) {
          if (forks.size >= max) {
            if (!told) options.onFull?.(name);
            told = true;
            return;
          }
          entry = { stage: fork(name)(clock, out), seen: 0 };
          forks.set(name, entry);
          sweeper ??= after(clock, idleMs / 2, sweep);
        }
        entry.seen = clock.monotonic();
        entry.stage.push(value);
      },
      () => {
        sweeper?.[Symbol.dispose]();
        for (const entry of forks.values()) entry.stage[Symbol.dispose]();
        forks.clear();
      },
    );
  };
