import type { Event } from "@slipway/model";
import { after } from "./after.ts";
import { inlet, type Op } from "./op.ts";

/**
 * The sum of metrics per second, every `spanMs` from the first event on: 0 when a span was silent. Other fields are those of the
 * last event. Events without a metric count nothing.
 */
export const rate =
  <E extends Event>(spanMs: number): Op<E, E> =>
  (clock, out) => {
    let sum = 0;
    let last: E | undefined;
    let timer: Disposable | undefined;
    const tell = (): void => {
      timer = after(clock, spanMs, tell);
      if (last !== undefined) out({ ...last, metric: sum / (spanMs / 1_000), time: clock.now() });
      sum = 0;
    };
    return inlet(
      (event) => {
        last = event;
        sum += event.metric ?? 0;
        timer ??= after(clock, spanMs, tell);
      },
      () => timer?.[Symbol.dispose](),
    );
  };
