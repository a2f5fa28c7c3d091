import fc from "fast-check";
import { expect, test } from "vitest";
import { pack, unpack } from "../src/store/codec.ts";

const time = fc.integer({ min: -(2 ** 50), max: 2 ** 50 });
const value = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.integer({ min: -20_000, max: 20_000 }).map((n) => n / 10_000),
  fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.MIN_VALUE, Number.MAX_VALUE, 0.1, 1e21),
);
const block = fc.tuple(fc.array(time, { maxLength: 60 }), fc.integer({ min: 0, max: 4 })).chain(([times, width]) =>
  fc.record({
    times: fc.constant(times),
    columns: fc.array(fc.array(value, { minLength: times.length, maxLength: times.length }), {
      minLength: width,
      maxLength: width,
    }),
  }),
);

test("what is packed comes back, every number with the same bits", () => {
  fc.assert(
    fc.property(block, (given) => {
      expect(unpack(pack(given))).toEqual(given); // toEqual tells -0 from 0 and knows NaN
    }),
    { numRuns: 500 },
  );
});

test("bytes that are cut short are refused, not misread", () => {
  const whole = pack({ times: [1, 2, 3], columns: [[0.1, Math.PI, 7]] });
  for (let length = 0; length < whole.length; length += 1)
    expect(() => unpack(whole.subarray(0, length))).toThrow(RangeError);
});

test("a steady gauge of 4 decimals costs about 3 bytes a sample, a constant one 2", () => {
  const times = Array.from({ length: 120 }, (_, n) => 1_700_000_000_000 + n * 10_000);
  const gauge = times.map((_, n) => Math.round(5_000 + 900 * Math.sin(n / 9)) / 10_000);
  expect(pack({ times, columns: [gauge] }).length / 120).toBeLessThan(3.2);
  expect(pack({ times, columns: [gauge.map(() => 0.5)] }).length / 120).toBeLessThan(2.2);
});

test("a time that is no whole ms is refused", () => {
  expect(() => pack({ times: [0.5], columns: [] })).toThrow("not a time");
});
