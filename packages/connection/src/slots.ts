/** A counted gate: at most `limit` holders, the others wait in the order they came. */
export class Slots {
  #limit: number;
  #held = 0;
  #waiting: { readonly enter: () => void; readonly refuse: (reason: unknown) => void }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  get held(): number {
    return this.#held;
  }

  /** Resolves with a function that gives the place back (once; again is harmless). Rejects when the signal aborts first. */
  async enter(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#held >= this.#limit) {
      await new Promise<void>((resolve, reject) => {
        const waiter = {
          enter: () => {
            signal?.removeEventListener("abort", leave);
            resolve();
          },
          refuse: (reason: unknown) => {
            signal?.removeEventListener("abort", leave);
            reject(reason);
          },
        };
        const leave = (): void => {
          this.#waiting = this.#waiting.filter((other) => other !== waiter);
          reject(signal?.reason);
        };
        signal?.addEventListener("abort", leave, { once: true });
        this.#waiting.push(waiter);
      });
    } else this.#held += 1;
    let given = false;
    return () => {
      if (given) return;
      given = true;
      const next = this.#held <= this.#limit ? this.#waiting.shift() : undefined;
      // The place passes straight to the next waiter, so `held` stays.
      if (next === undefined) this.#held -= 1;
      else next.enter();
    };
  }

  /** Lowers the limit, for a server that allows fewer than it was thought to. */
  lower(limit: number): void {
    this.#limit = Math.max(1, Math.min(this.#limit, limit));
  }

  /** Turns away everybody who waits. */
  refuse(reason: unknown): void {
    for (const waiter of this.#waiting.splice(0)) waiter.refuse(reason);
  }
}
