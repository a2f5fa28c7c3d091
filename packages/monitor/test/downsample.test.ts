import { expect, test } from "vitest";
import { bucketOf, downsample, merge } from "../src/store/downsample.ts";

const every = (stepMs: number, ...values: readonly number[]) => values.map((v, n) => bucketOf(n * stepMs, v));

test("several samples of a step become their mean, with min and max", () => {
  const grid = downsample(every(10, 1, 3, 5, 7), { from: 0, to: 40, points: 2 });
  expect(grid).toEqual({ stepMs: 20, times: [0, 20], values: [2, 6], min: [1, 5], max: [3, 7] });
});

test("an interval wider than a step is no gap; silence beyond 2.5 intervals is", () => {
  const samples = [...every(10, 1, 2, 3), bucketOf(80, 9)];
  const grid = downsample(samples, { from: 0, to: 90, points: 18 });
  expect(grid.values).toEqual([1, 1, 2, 2, 3, 3, 3, 3, 3, 3, null, null, null, null, null, null, 9, 9]);
});

test("the grid starts at a multiple of the step, so windows that move a little share their points", () => {
  const a = downsample(every(10, 1, 2, 3, 4), { from: 7, to: 47, points: 2 });
  expect(a.times).toEqual([0, 20, 40]);
});

test("no samples: all gaps", () => {
  expect(downsample([], { from: 0, to: 30, points: 3 }).values).toEqual([null, null, null]);
});

test("merging keeps count and extremes", () => {
  expect(merge(bucketOf(2, 5), bucketOf(1, 1))).toEqual({ time: 1, min: 1, max: 5, sum: 6, count: 2 });
});
