import { type Event, type VirtualClock, virtualClock } from "@slipway/model";
import type { Op } from "../../src/streams/op.ts";

/** A running operator on a virtual clock, with what came out of it. */
export interface Started<A, B> extends Disposable {
  readonly clock: VirtualClock;
  readonly out: B[];
  push(...values: A[]): void;
}

export function start<A, B>(op: Op<A, B>, clock = virtualClock(1_000_000)): Started<A, B> {
  const out: B[] = [];
  const running = op(clock, (value) => out.push(value));
  return {
    clock,
    out,
    push: (...values) => {
      for (const value of values) running.push(value);
    },
    [Symbol.dispose]: () => running[Symbol.dispose](),
  };
}

export const event = (more: Partial<Event> = {}): Event => ({ host: "web", service: "cpu", time: 1_000_000, ...more });
export const metrics = (events: readonly Event[]): (number | undefined)[] => events.map((each) => each.metric);
