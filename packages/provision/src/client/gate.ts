import type { Clock } from "@slipway/model";
import { fail } from "../errors.ts";

/** So many calls in so long a time, of those that match. */
export interface Limit {
  readonly calls: number;
  readonly perMs: number;
  /** Default: all. */
  readonly of?: (call: { readonly method: string; readonly path: string }) => boolean;
}

/** What DigitalOcean allows beside 5,000 calls an hour, which its answers count themselves. */
export const digitalOceanLimits: readonly Limit[] = [
  { calls: 250, perMs: 60_000 },
  { calls: 10, perMs: 60_000, of: ({ method, path }) => method === "GET" && /^\/v2\/account\/keys(\?|$)/.test(path) },
];

/** Lets the calls of one endpoint out, however many wait at once. */
export interface Gate {
  /**
   * Whether a call may go out now; it is counted then. Asked right before it is sent, with nothing awaited in between, so that no call slips into
   * a window that another one's answer has just opened.
   */
  take(call: { readonly method: string; readonly path: string }): boolean;
  /** Resolves when {@link take} is worth asking again. Rejects with `rate.limited` when that is further off than `longestMs`. */
  wait(call: { readonly method: string; readonly path: string }, longestMs: number): Promise<void>;
  /** Nothing goes out for so long. */
  close(spanMs: number): void;
}

/** All who waited for the end of a window go on within this time, so that they do not fill the next burst at once. */
const spreadMs = 1_000;

export function gate(limits: readonly Limit[], clock: Clock, signal: AbortSignal | undefined): Gate {
  let closedUntil = Number.NEGATIVE_INFINITY;
  const sent = limits.map((limit) => ({ limit, times: [] as number[] }));
  const matching = (call: { readonly method: string; readonly path: string }): typeof sent =>
    sent.filter(({ limit }) => limit.of?.(call) ?? true);
  /** When the limits have room again; now or earlier when they have. */
  const roomAt = (call: { readonly method: string; readonly path: string }, now: number): number => {
    let at = now;
    for (const { limit, times } of matching(call)) {
      while (times[0] !== undefined && times[0] <= now - limit.perMs) times.shift();
      const first = times[times.length - limit.calls];
      if (first !== undefined) at = Math.max(at, first + limit.perMs);
    }
    return at;
  };
  return {
    take(call) {
      const now = clock.monotonic();
      if (now < closedUntil || roomAt(call, now) > now) return false;
      for (const { times } of matching(call)) times.push(now);
      return true;
    },
    async wait(call, longestMs) {
      const now = clock.monotonic();
      const span = Math.max(closedUntil, roomAt(call, now)) - now;
      if (span > longestMs)
        throw fail("rate.limited", `no more calls are taken for ${Math.ceil(span / 1_000)} seconds`);
      const spread = Math.random() * Math.min(spreadMs, Math.max(20, span));
      await clock.sleep(Math.max(0, span) + spread, signal);
    },
    close(spanMs) {
      closedUntil = Math.max(closedUntil, clock.monotonic() + spanMs);
    },
  };
}
