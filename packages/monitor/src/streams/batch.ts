import { after } from "./after.ts";
import { inlet, type Op } from "./op.ts";

/** Passes values together: `count` of them, or what there is `spanMs` after the first. What is held at disposal is dropped. */
export const batch =
  <A>(count: number, spanMs: number): Op<A, readonly A[]> =>
  (clock, out) => {
    let held: A[] = [];
    let timer: Disposable | undefined;
    const flush = (): void => {
      timer?.[Symbol.dispose]();
      timer = undefined;
      const all = held;
      held = [];
      out(all);
    };
    return inlet(
      (value) => {
        held.push(value);
        if (held.length >= count) return flush();
        timer ??= after(clock, spanMs, flush);
      },
      () => timer?.[Symbol.dispose](),
    );
  };
