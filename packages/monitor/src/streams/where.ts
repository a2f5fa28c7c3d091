import { inlet, type Op } from "./op.ts";

/** Passes the values for which `test` holds. */
export const where =
  <A>(test: (value: A) => boolean): Op<A, A> =>
  (_clock, out) =>
    inlet((value) => {
      if (test(value)) out(value);
    });
