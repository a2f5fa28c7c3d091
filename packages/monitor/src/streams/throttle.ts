import { inlet, type Op } from "./op.ts";

/** Passes at most `count` values in each span, which starts with the first value after the last span; drops the rest. */
export const throttle =
  <A>(count: number, spanMs: number): Op<A, A> =>
  (clock, out) => {
    let ends = Number.NEGATIVE_INFINITY;
    let passed = 0;
    return inlet((value) => {
      const now = clock.monotonic();
      if (now >= ends) {
        ends = now + spanMs;
        passed = 0;
      }
      if (passed >= count) return;
      passed += 1;
      out(value);
    });
  };
