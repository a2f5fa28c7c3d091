/** Samples of one span of time, taken together. A single sample has count 1 and min = max = sum. */
export interface Bucket {
  readonly time: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly count: number;
}

export const bucketOf = (time: number, value: number): Bucket => ({
  time,
  min: value,
  max: value,
  sum: value,
  count: 1,
});

export const merge = (a: Bucket, b: Bucket): Bucket => ({
  time: Math.min(a.time, b.time),
  min: Math.min(a.min, b.min),
  max: Math.max(a.max, b.max),
  sum: a.sum + b.sum,
  count: a.count + b.count,
});

export interface Window {
  readonly from: number;
  readonly to: number;
  readonly points: number;
}

/** Points on an even grid, ready for a chart: series asked for with the same window have the same times. `null` is a gap. */
export interface Grid {
  readonly stepMs: number;
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  readonly min: readonly (number | null)[];
  readonly max: readonly (number | null)[];
}

/** Width of a window's steps; the grid starts at a multiple of it, so that a moving window does not redraw every point. */
export const stepOf = (window: Window): number =>
  Math.max(1, Math.ceil((window.to - window.from) / Math.max(1, window.points)));

/**
 * Brings buckets, in any order, onto the window's grid. A step without a sample repeats the last one while that is no older than
 * 2.5 usual intervals; beyond that it is a gap.
 */
export function downsample(given: readonly Bucket[], window: Window): Grid {
  const stepMs = stepOf(window);
  const start = Math.floor(window.from / stepMs) * stepMs;
  const buckets = given.toSorted((a, b) => a.time - b.time);
  const holdMs = 2.5 * usualInterval(buckets);
  const times: number[] = [];
  const values: (number | null)[] = [];
  const min: (number | null)[] = [];
  const max: (number | null)[] = [];
  let next = 0;
  let held: Bucket | undefined;
  for (let time = start; time < window.to; time += stepMs) {
    let here: Bucket | undefined;
    for (let bucket = buckets[next]; bucket !== undefined && bucket.time < time + stepMs; bucket = buckets[next]) {
      if (bucket.time >= time) here = here === undefined ? bucket : merge(here, bucket);
      held = bucket;
      next += 1;
    }
    const shown = here ?? (held !== undefined && time - held.time <= holdMs ? held : undefined);
    times.push(time);
    values.push(shown === undefined ? null : shown.sum / shown.count);
    min.push(shown?.min ?? null);
    max.push(shown?.max ?? null);
  }
  return { stepMs, times, values, min, max };
}

/** The median distance between neighbours; 0 when there are fewer than two. */
function usualInterval(sorted: readonly Bucket[]): number {
  const gaps = sorted.slice(1).map((bucket, n) => bucket.time - (sorted[n]?.time ?? bucket.time));
  return gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0;
}
