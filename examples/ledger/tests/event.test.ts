import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decode, encode, reads, type Stored, UnreadableStream } from "../src/stream/event.ts";
import { storedEvent } from "./arbitrary.ts";

test("what is written is read back", () => {
  fc.assert(
    fc.property(storedEvent, (event) => {
      const line = encode(event);
      assert.equal(line.indexOf("\n"), line.length - 1);
      assert.deepEqual(decode(line.slice(0, -1), event.offset), event);
    }),
  );
});

test("every version written is one that is read", () => {
  fc.assert(fc.property(storedEvent, ({ type, version }) => reads[type]?.includes(version) === true));
});

const granted: Stored = {
  offset: 3,
  at: "2026-01-01T00:00:00.000Z",
  type: "LoanGranted",
  version: 1,
  data: { loan: "a", borrower: "Ada", email: "ada@example.com", principal: 100 },
};

test("a newer version, an unknown type, a gap and damage are told in one line", () => {
  const line = encode(granted).trimEnd();
  const told = (text: string, expected = 3) => {
    try {
      decode(text, expected);
    } catch (cause) {
      assert.ok(cause instanceof UnreadableStream);
      return cause.message;
    }
    return "nothing";
  };
  assert.match(
    told(line.replace('"version":1', '"version":9')),
    /^event 3 is LoanGranted version 9; this release reads version 1/,
  );
  assert.equal(told(line.replace("LoanGranted", "LoanSold")), "event 3 is LoanSold, unknown to this release");
  assert.equal(told(line, 2), "event 2 of the stream is numbered 3");
  assert.match(told(line.slice(0, 40)), /^event 3 of the stream is damaged/);
});
