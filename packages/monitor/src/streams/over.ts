import type { Event } from "@slipway/model";
import { where } from "./where.ts";

/** Passes events whose metric is greater than `limit`. An event without a metric does not pass. */
export const over = <E extends Event>(limit: number) =>
  where<E>((event) => event.metric !== undefined && event.metric > limit);
