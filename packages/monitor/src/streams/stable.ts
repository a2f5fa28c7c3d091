import { after } from "./after.ts";
import { inlet, type Op } from "./op.ts";

/**
 * Passes values once `of(value)` has stayed the same for `spanMs`; a spike that is shorter is dropped.
 *
 * ```text
 * in    A A A A A A B A A A C C C C C C
 * out         A A A A     A A     C C C C     (span = 3 steps; the B and the values beside it are dropped or held)
 * ```
 * What was held is flushed, in order, when the span is over. At most `hold` values are held, the newest.
 */
export const stable =
  <A>(spanMs: number, of: (value: A) => unknown, hold = 1_000): Op<A, A> =>
  (clock, out) => {
    let current: unknown;
    let settled = false;
    let any = false;
    let held: A[] = [];
    let timer: Disposable | undefined;
    return inlet(
      (value) => {
        const now = of(value);
        if (!any || !Object.is(now, current)) {
          any = true;
          current = now;
          settled = false;
          held = [];
          timer?.[Symbol.dispose]();
          timer = after(clock, spanMs, () => {
            settled = true;
            const flushed = held;
            held = [];
            for (const each of flushed) out(each);
          });
        }
        if (settled) return out(value);
        held.push(value);
        if (held.length > hold) held.shift();
      },
      () => timer?.[Symbol.dispose](),
    );
  };
