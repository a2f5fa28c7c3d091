import type { Allowance } from "../limits.ts";

/** Hetzner's: so many calls an hour, each given back when its share of the hour is over. */
export const callsPerHour = 3_600;

/** Counts the calls of one token. `now` gives milliseconds since 1970. */
export function bucket(perHour: number, now: () => number): () => Allowance {
  let left = perHour;
  let at = now();
  return () => {
    const time = now();
    if (Number.isFinite(perHour)) left = Math.min(perHour, left + ((time - at) / 3_600_000) * perHour);
    at = time;
    const allowed = left >= 1;
    if (allowed) left -= 1;
    const missing = Number.isFinite(perHour) ? perHour - left : 0;
    return {
      allowed,
      headers: {
        "ratelimit-limit": Number.isFinite(perHour) ? perHour : callsPerHour,
        "ratelimit-remaining": Math.floor(Number.isFinite(perHour) ? left : callsPerHour),
        "ratelimit-reset": Math.ceil((time + (missing / callsPerHour) * 3_600_000) / 1_000),
      },
    };
  };
}
