import type { Clock } from "@slipway/model";

/** The running side of an operator: takes values until it is disposed, which also ends its timers. */
export interface Inlet<in A> extends Disposable {
  /** Never throws for a value it cannot use; it drops it. After disposal it does nothing. */
  push(value: A): void;
}

/**
 * An operator: a description that can be started any number of times, each time with state of its own.
 * Time comes from the clock alone, so a virtual clock decides everything in tests. A new operator is one new file in this folder.
 */
export type Op<in A, out B> = (clock: Clock, out: (value: B) => void) => Inlet<A>;

/** Builds an inlet; `end` frees what the operator holds. */
export function inlet<A>(push: (value: A) => void, end: () => void = () => {}): Inlet<A> {
  let open = true;
  return {
    push: (value) => {
      if (open) push(value);
    },
    [Symbol.dispose]() {
      if (!open) return;
      open = false;
      end();
    },
  };
}

/** Joins operators from left to right. Disposing the first disposes the rest, upstream first. */
export function pipe<A, B>(a: Op<A, B>): Op<A, B>;
export function pipe<A, B, C>(a: Op<A, B>, b: Op<B, C>): Op<A, C>;
export function pipe<A, B, C, D>(a: Op<A, B>, b: Op<B, C>, c: Op<C, D>): Op<A, D>;
export function pipe<A, B, C, D, E>(a: Op<A, B>, b: Op<B, C>, c: Op<C, D>, d: Op<D, E>): Op<A, E>;
export function pipe(...ops: readonly Op<never, unknown>[]): Op<never, unknown> {
  return (clock, out) => {
    const started: Inlet<never>[] = [];
    let next: (value: never) => void = out;
    for (const op of ops.toReversed()) {
      const stage = op(clock, next as (value: unknown) => void);
      started.unshift(stage);
      next = (value) => stage.push(value);
    }
    return inlet<never>(next, () => {
      for (const stage of started) stage[Symbol.dispose]();
    });
  };
}

/** Gives every value to each of the operators. */
export const split =
  <A, B>(...ops: readonly Op<A, B>[]): Op<A, B> =>
  (clock, out) => {
    const started = ops.map((op) => op(clock, out));
    return inlet(
      (value) => {
        for (const branch of started) branch.push(value);
      },
      () => {
        for (const branch of started) branch[Symbol.dispose]();
      },
    );
  };
