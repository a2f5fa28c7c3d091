import { inlet, type Op } from "./op.ts";

/**
 * With each value passes all that arrived in the last `spanMs`, oldest first. Arrival counts, by the monotonic clock: neither a
 * sender's wrong clock nor a step of our own can empty the window. At most `max` values, the newest.
 */
export const movingTimeWindow =
  <A>(spanMs: number, max = 10_000): Op<A, readonly A[]> =>
  (clock, out) => {
    const window: { readonly at: number; readonly value: A }[] = [];
    return inlet((value) => {
      const now = clock.monotonic();
      window.push({ at: now, value });
      const keep = window.findIndex((entry) => entry.at > now - spanMs);
      window.splice(0, Math.max(keep, window.length - max));
      out(window.map((entry) => entry.value));
    });
  };
