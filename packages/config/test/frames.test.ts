import fc from "fast-check";
import { expect, test } from "vitest";
import { type Frame, frameReader } from "../src/engine/frames.ts";

const nonce = "0123456789abcdef0123456789abcdef";

const framesOf = (chunks: readonly string[]): Frame[] => {
  const read = frameReader(nonce);
  return chunks.flatMap((chunk) => [...read(chunk)]);
};

/** Text that tries to look like a mark without knowing the nonce. */
const text = fc
  .array(
    fc.oneof(
      fc.string(),
      fc.constantFrom("\n", "\n\n", "\n0123456789abcdef0123456789abcdee r0 0\n", "ü€😀", " r0 0\n", nonce.slice(0, 31)),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(""));

test("frames are the same however the output is cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(text, fc.constantFrom("r0", "r17", "c3", "end", "lock"), fc.nat(255)), { maxLength: 6 }),
      fc.array(fc.nat(40), { maxLength: 60 }),
      (frames, cuts) => {
        const whole = frames.map(([body, name, status]) => `${body}\n${nonce} ${name} ${status}\n`).join("");
        const chunks: string[] = [];
        let at = 0;
        for (const cut of cuts) {
          chunks.push(whole.slice(at, at + cut));
          at += cut;
        }
        chunks.push(whole.slice(at));
        expect(framesOf(chunks)).toEqual(frames.map(([body, name, status]) => ({ name, status, text: body })));
      },
    ),
    { numRuns: 500 },
  );
});

test("a banner before the first mark belongs to the first frame alone", () => {
  const frames = framesOf([`Welcome!\nlast login: yesterday\n${nonce} hello 0\nreal\n\n${nonce} r0 0\n`]);
  expect(frames.map((frame) => frame.text)).toEqual(["Welcome!\nlast login: yesterday", "real\n"]);
});
