import type { Event } from "@slipway/model";
import { inlet, type Op } from "./op.ts";

/**
 * Passes an event when its state is another than the one before. `initial` is the state assumed before the first event;
 * without it the first event passes.
 */
export const changedState =
  <E extends Event>(initial?: string): Op<E, E> =>
  (_clock, out) => {
    let last: string | undefined = initial;
    let any = initial !== undefined;
    return inlet((event) => {
      if (any && event.state === last) return;
      any = true;
      last = event.state;
      out(event);
    });
  };
