import type { Clock, Event } from "@slipway/model";
import { after } from "./streams/after.ts";
import { expiredState } from "./streams/expired.ts";

export interface LiveIndexOptions {
  readonly clock: Clock;
  /** Given each event that outlived its ttl, with state "expired" and without its metric. */
  readonly onExpired?: (event: Event) => void;
  /** Default time to live in seconds, as Riemann's. */
  readonly ttl?: number;
  /** Most entries; an event for a further one is refused. Default 100,000. */
  readonly max?: number;
}

/** The newest event of each host and service. */
export interface LiveIndex extends Disposable {
  /**
   * Takes the event as the newest of its host and service. "older": a newer one is there, and stays. An event from the future is
   * taken with the present as its time, so that it cannot keep out what comes after it. "full": the index has no room.
   */
  put(event: Event): "taken" | "older" | "full";
  get(host: string, service: string): Event | undefined;
  all(): readonly Event[];
}

interface Entry {
  readonly event: Event;
  readonly dies: number;
}

/** The time to live runs from receipt, on our monotonic clock: a sender with a slow clock does not expire at once. */
export function liveIndex(options: LiveIndexOptions): LiveIndex {
  const { clock } = options;
  const entries = new Map<string, Entry>();
  const keyOf = (host: string, service: string): string => `${host}\0${service}`;
  let timer: Disposable | undefined;
  let timerAt = Number.POSITIVE_INFINITY;

  const arm = (dies: number): void => {
    if (dies >= timerAt) return;
    timer?.[Symbol.dispose]();
    timerAt = dies;
    timer = after(clock, Math.max(dies - clock.monotonic(), 1), sweep);
  };

  function sweep(): void {
    timerAt = Number.POSITIVE_INFINITY;
    const now = clock.monotonic();
    const dead: Event[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const [key, entry] of entries) {
      if (entry.dies <= now) {
        entries.delete(key);
        dead.push(entry.event);
      } else next = Math.min(next, entry.dies);
    }
    if (next < Number.POSITIVE_INFINITY) arm(next);
    for (const { metric: _, ...event } of dead)
      options.onExpired?.({ ...event, state: expiredState, time: clock.now() });
  }

  return {
    put(event) {
      const now = clock.now();
      const key = keyOf(event.host, event.service);
      const former = entries.get(key);
      // The former's time is bounded again: our own clock may have been set back since.
      if (former !== undefined && event.time < Math.min(former.event.time, now)) return "older";
      if (former === undefined && entries.size >= (options.max ?? 100_000)) return "full";
      const dies = clock.monotonic() + (event.ttl ?? options.ttl ?? 60) * 1_000;
      entries.set(key, { event: event.time > now ? { ...event, time: now } : event, dies });
      arm(dies);
      return "taken";
    },
    get: (host, service) => entries.get(keyOf(host, service))?.event,
    all: () => [...entries.values()].map((entry) => entry.event),
    [Symbol.dispose]() {
      timer?.[Symbol.dispose]();
      entries.clear();
    },
  };
}
