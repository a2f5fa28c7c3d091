import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { type Borrowers, mailFor } from "../src/mail/mails.ts";
import { openOutbox } from "../src/mail/outbox.ts";
import type { Stored } from "../src/stream/event.ts";

const now = () => "2026-01-01T00:00:00.000Z";
const granted = { type: "LoanGranted", version: 1 } as const;
const stream: readonly Stored[] = [
  {
    offset: 1,
    at: now(),
    ...granted,
    data: { loan: "a", borrower: "Ada", email: "ada@example.com", principal: 123_450 },
  },
  { offset: 2, at: now(), type: "RepaymentMade", version: 1, data: { loan: "a", amount: 23_450 } },
  { offset: 3, at: now(), type: "RepaymentMade", version: 1, data: { loan: "a", amount: 100_000 } },
];

const mailsOf = (events: readonly Stored[]) => {
  const borrowers: Borrowers = new Map();
  return events.flatMap((event) => mailFor(borrowers, event) ?? []);
};

test("a loan and its repayments are told to the borrower", () => {
  assert.deepEqual(mailsOf(stream), [
    {
      offset: 1,
      to: "ada@example.com",
      subject: "Your loan of 1,234.50",
      body: "Dear Ada, your loan of 1,234.50 was granted.",
    },
    {
      offset: 2,
      to: "ada@example.com",
      subject: "Your repayment of 234.50",
      body: "Dear Ada, we received 234.50. 1,000.00 remain.",
    },
    {
      offset: 3,
      to: "ada@example.com",
      subject: "Your repayment of 1,000.00",
      body: "Dear Ada, we received 1,000.00. Your loan is repaid.",
    },
  ]);
});

test("killed at any byte, it tells each event once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }), async (cuts) => {
      const folder = await mkdtemp(join(tmpdir(), "ledger-"));
      try {
        const path = join(folder, "outbox.jsonl");
        let synced = 0;
        for (const cut of [...cuts, 1]) {
          const outbox = await openOutbox(path, now);
          await outbox.send(mailsOf(stream));
          await outbox.close();
          const { length } = await readFile(path);
          // A write that was cut short by the kill; what earlier rounds synced stays.
          synced = Math.max(synced, Math.floor(length * cut));
          await truncate(path, synced);
        }
        const last = await openOutbox(path, now);
        await last.send(mailsOf(stream));
        await last.close();
        const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
        assert.deepEqual(
          lines.map((line) => (JSON.parse(line) as { offset: number }).offset),
          [1, 2, 3],
        );
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }),
    { numRuns: 20 },
  );
});
