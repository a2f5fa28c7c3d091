/** A span of time with its unit, as people write it: `"500ms"`, `"30s"`, `"5m"`, `"1h"`, `"90d"`. */
export type Duration = `${number}${"ms" | "s" | "m" | "h" | "d"}`;

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of a duration. Throws RangeError for text that is none. */
export function ms(duration: Duration): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration);
  if (match === null) throw new RangeError(`not a duration: ${duration}; write a number and a unit, such as 30s`);
  return Number(match[1]) * unitMs[match[2] as keyof typeof unitMs];
}

/** A span for people: `850 ms`, `4.2 s`, `3 m 20 s`, `2 h 5 m`. */
export function formatMs(spanMs: number): string {
  if (spanMs < 1_000) return `${Math.round(spanMs)} ms`;
  if (spanMs < 60_000) return `${(spanMs / 1_000).toFixed(1)} s`;
  const seconds = Math.round(spanMs / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} m`;
}
