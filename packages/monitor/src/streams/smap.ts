import { inlet, type Op } from "./op.ts";

/** Passes what `change` makes of each value; `undefined` is dropped. */
export const smap =
  <A, B>(change: (value: A) => B | undefined): Op<A, B> =>
  (_clock, out) =>
    inlet((value) => {
      const changed = change(value);
      if (changed !== undefined) out(changed);
    });
