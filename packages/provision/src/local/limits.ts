import { bucket, callsPerHour } from "./hetzner/bucket.ts";

/** How many requests one token may make. Each request counts for an hour, and for a minute, from when it was made. */
export interface Limits {
  readonly perHour: number;
  /** The burst limit. */
  readonly perMinute: number;
  /** Of these, lists of the account's keys. */
  readonly keyListsPerMinute: number;
}

/** DigitalOcean's own. */
export const usualLimits: Limits = { perHour: 5_000, perMinute: 250, keyListsPerMinute: 10 };
/** For programs that ask without pause. */
export const noLimits: Limits = { perHour: Infinity, perMinute: Infinity, keyListsPerMinute: Infinity };

export interface Allowance {
  readonly headers: Readonly<Record<string, number>>;
  /** False when the request is to be answered 429. */
  readonly allowed: boolean;
}

export interface Limiter {
  /** Counts a request, unless it is refused. */
  take(method: string, path: string): Allowance;
}

const hourMs = 3_600_000;
const minuteMs = 60_000;
const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1_000));

/** Counts the requests of one token. `now` gives milliseconds since 1970. */
export function limiter(limits: Limits, now: () => number = Date.now): Limiter {
  let times: number[] = [];
  let keyLists: number[] = [];
  const hetzner = bucket(Number.isFinite(limits.perHour) ? callsPerHour : limits.perHour, now);
  const shown = (remaining: number, at: number): Record<string, number> => ({
    "ratelimit-limit": Number.isFinite(limits.perHour) ? limits.perHour : usualLimits.perHour,
    "ratelimit-remaining": Number.isFinite(remaining) ? Math.max(0, remaining) : usualLimits.perHour,
    "ratelimit-reset": Math.ceil(((times[0] ?? at) + hourMs) / 1_000),
  });
  const refused = (at: number, untilMs: number): Allowance => ({
    allowed: false,
    headers: { ...shown(0, at), "retry-after": seconds(untilMs - at) },
  });
  return {
    take(method, path) {
      if (path.startsWith("/v1/")) return hetzner();
      const at = now();
      if (Number.isFinite(limits.perHour)) {
        times = times.filter((time) => time > at - hourMs);
        // Only the burst limit says when to come back; the hourly one is told by ratelimit-reset.
        if (times.length >= limits.perHour) return { allowed: false, headers: shown(0, at) };
        const burst = times.at(-limits.perMinute);
        if (times.length >= limits.perMinute && burst !== undefined && burst > at - minuteMs)
          return refused(at, burst + minuteMs);
      }
      if (method === "GET" && path === "/v2/account/keys" && Number.isFinite(limits.keyListsPerMinute)) {
        keyLists = keyLists.filter((time) => time > at - minuteMs);
        const [oldest] = keyLists;
        if (oldest !== undefined && keyLists.length >= limits.keyListsPerMinute) return refused(at, oldest + minuteMs);
        keyLists.push(at);
      }
      if (Number.isFinite(limits.perHour)) times.push(at);
      return { allowed: true, headers: shown(limits.perHour - times.length, at) };
    },
  };
}
