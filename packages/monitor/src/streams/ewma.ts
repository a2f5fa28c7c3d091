import type { Event } from "@slipway/model";
import { inlet, type Op } from "./op.ts";

/**
 * Exponentially weighted moving average of the metric: `weight` (0 to 1) is the share of the newest event. It counts events, not
 * time. Events without a finite metric are dropped, so that one of them cannot spoil the average.
 */
export const ewma =
  <E extends Event>(weight: number): Op<E, E> =>
  (_clock, out) => {
    let average: number | undefined;
    return inlet((event) => {
      if (event.metric === undefined || !Number.isFinite(event.metric)) return;
      average = average === undefined ? event.metric : weight * event.metric + (1 - weight) * average;
      out({ ...event, metric: average });
    });
  };
