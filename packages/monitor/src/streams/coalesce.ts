import type { Event } from "@slipway/model";
import { after } from "./after.ts";
import { isExpired } from "./expired.ts";
import { inlet, type Op } from "./op.ts";

/**
 * Remembers the newest event of each host and service, and passes all of them together every `spanMs`.
 * An expired event is passed once and then forgotten. Nothing is passed while nothing is remembered.
 */
export const coalesce =
  <E extends Event>(spanMs: number): Op<E, readonly E[]> =>
  (clock, out) => {
    const latest = new Map<string, E>();
    let timer: Disposable | undefined;
    const flush = (): void => {
      timer = undefined;
      const all = [...latest.values()];
      for (const [key, event] of latest) if (isExpired(event)) latest.delete(key);
      if (latest.size > 0) timer = after(clock, spanMs, flush);
      out(all);
    };
    return inlet(
      (event) => {
        latest.set(`${event.host}\0${event.service}`, event);
        timer ??= after(clock, spanMs, flush);
      },
      () => timer?.[Symbol.dispose](),
    );
  };
