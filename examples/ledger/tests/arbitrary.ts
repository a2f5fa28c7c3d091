import fc from "fast-check";
import type { Command } from "../src/core/ledger.ts";
import type { Stored } from "../src/stream/event.ts";

const principal = fc.integer({ min: 1, max: 1_000_000 });
const word = fc.string({ minLength: 1, maxLength: 20, unit: "binary" });
const id = fc.constantFrom("a", "b", "c");
const key = fc.option(fc.constantFrom("k1", "k2", "k3", "k4"), { nil: undefined });

const withKey = <T extends object>({ key: one, ...rest }: T & { key: string | undefined }) =>
  one === undefined ? rest : { ...rest, key: one };

/** An event of any type and version that this release writes. */
export const storedEvent: fc.Arbitrary<Stored> = fc
  .tuple(
    fc.integer({ min: 1, max: 1e6 }),
    fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }),
    fc.oneof(
      fc.record({ loan: id, borrower: word, email: word, principal, key }).map((data) => ({
        type: "LoanGranted" as const,
        version: 1 as const,
        data: withKey(data),
      })),
      fc.record({ loan: id, amount: principal, key }).map((data) => ({
        type: "RepaymentMade" as const,
        version: 1 as const,
        data: withKey(data),
      })),
    ),
  )
  .map(([offset, at, event]) => ({ offset, at: at.toISOString(), ...event }));

/** A command on a few loans, often repeated with the same key. */
export const command: fc.Arbitrary<Command> = fc.oneof(
  fc
    .record({ do: fc.constant("grant" as const), borrower: word, email: word, principal, key })
    .map((one) => withKey(one) as Command),
  fc
    .record({ do: fc.constant("repay" as const), loan: fc.constantFrom("1", "2", "3"), amount: principal, key })
    .map((one) => withKey(one) as Command),
);
