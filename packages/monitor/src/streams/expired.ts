import type { Event } from "@slipway/model";
import { where } from "./where.ts";

/** State of an event that the index re-streams because nothing newer came within its time to live. */
export const expiredState = "expired";

export const isExpired = (event: Event): boolean => event.state === expiredState;

/** Passes expired events alone. */
export const expired = <E extends Event>() => where<E>(isExpired);
