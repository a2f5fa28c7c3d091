import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { apply, type Command, decide, emptyLedger, type Ledger } from "../src/core/ledger.ts";
import { decode, encode, type Stored } from "../src/stream/event.ts";
import { command } from "./arbitrary.ts";

/** Carries out commands as the service does; loans are numbered 1, 2, 3… */
const carryOut = (commands: readonly Command[]): { ledger: Ledger; events: Stored[] } => {
  const ledger = emptyLedger();
  const events: Stored[] = [];
  for (const one of commands) {
    const decision = decide(ledger, one, String(ledger.loans.size + 1));
    if (decision.kind !== "event") continue;
    const stored: Stored = { offset: ledger.offset + 1, at: "2026-01-01T00:00:00.000Z", ...decision.event };
    events.push(stored);
    apply(ledger, stored);
  }
  return { ledger, events };
};

test("what is repaid and what is outstanding make up what was lent, and nothing is overpaid", () => {
  fc.assert(
    fc.property(fc.array(command), (commands) => {
      for (const loan of carryOut(commands).ledger.loans.values()) {
        assert.ok(loan.outstanding >= 0 && loan.repaid >= 0);
        assert.ok(loan.repaid + loan.outstanding >= loan.principal);
        assert.equal(loan.status, loan.outstanding === 0 ? "repaid" : "active");
      }
    }),
  );
});

test("the state comes back from the stream alone", () => {
  fc.assert(
    fc.property(fc.array(command), (commands) => {
      const { ledger, events } = carryOut(commands);
      const again = emptyLedger();
      for (const [index, event] of events.entries()) apply(again, decode(encode(event).trimEnd(), index + 1));
      assert.deepEqual(again, ledger);
    }),
  );
});

test("a request with a key is carried out once, however often it comes", () => {
  fc.assert(
    fc.property(fc.array(command), (commands) => {
      const once = carryOut(commands);
      const twice = carryOut(commands.flatMap((one) => (one.key === undefined ? [one] : [one, one])));
      assert.deepEqual(twice.events, once.events);
    }),
  );
});

const ada: Command = { do: "grant", borrower: "Ada", email: "ada@example.com", principal: 10_000 };

test("a loan is repaid to the last cent and not beyond", () => {
  const { ledger } = carryOut([ada, { do: "repay", loan: "1", amount: 4_000 }]);
  assert.deepEqual(decide(ledger, { do: "repay", loan: "1", amount: 6_001 }, ""), {
    kind: "refused",
    status: 422,
    reason: "only 6000 cents are outstanding",
  });
  const { ledger: after } = carryOut([ada, { do: "repay", loan: "1", amount: 10_000 }]);
  assert.equal(after.loans.get("1")?.status, "repaid");
});

test("a key used for another request is refused", () => {
  const { ledger } = carryOut([{ ...ada, key: "k" }]);
  const other = decide(ledger, { ...ada, principal: 1, key: "k" }, "2");
  assert.equal(other.kind === "refused" && other.status, 409);
});
