import type { LedgerEvent, Stored } from "../stream/event.ts";

/** A loan as it stands. Amounts in cents. */
export interface Loan {
  readonly id: string;
  readonly borrower: string;
  readonly email: string;
  readonly principal: number;
  readonly repaid: number;
  readonly outstanding: number;
  readonly status: "active" | "repaid";
  readonly grantedAt: string;
}

/** The state folded from the stream. Changed only by `apply`. */
export interface Ledger {
  readonly loans: Map<string, Loan>;
  /** Idempotency-Key → the event that the request made. */
  readonly keys: Map<string, { readonly offset: number; readonly loan: string; readonly request: string }>;
  offset: number;
}

/** All loans together. Amounts in cents. */
export interface Totals {
  readonly total: number;
  readonly lent: number;
  readonly outstanding: number;
}

export const totalsOf = ({ loans }: Ledger): Totals => {
  let lent = 0;
  let outstanding = 0;
  for (const loan of loans.values()) {
    lent += loan.principal;
    outstanding += loan.outstanding;
  }
  return { total: loans.size, lent, outstanding };
};

export type Command =
  | {
      readonly do: "grant";
      readonly borrower: string;
      readonly email: string;
      readonly principal: number;
      readonly key?: string;
    }
  | { readonly do: "repay"; readonly loan: string; readonly amount: number; readonly key?: string };

export type Decision =
  | { readonly kind: "event"; readonly event: LedgerEvent; readonly loan: string }
  /** The same request was carried out before, by event number `offset`. */
  | { readonly kind: "done before"; readonly offset: number; readonly loan: string }
  | { readonly kind: "refused"; readonly status: 404 | 409 | 422; readonly reason: string };

export const emptyLedger = (): Ledger => ({ loans: new Map(), keys: new Map(), offset: 0 });

/** Folds one event into the state. Events come in the order of their offsets. */
export const apply = (ledger: Ledger, event: Stored): void => {
  ledger.offset = event.offset;
  const { data } = event;
  if (data.key !== undefined) {
    ledger.keys.set(data.key, { offset: event.offset, loan: data.loan, request: fingerprint(commandOf(event)) });
  }
  switch (event.type) {
    case "LoanGranted": {
      const { loan: id, borrower, email, principal } = event.data;
      const owed = { principal, repaid: 0, outstanding: principal };
      ledger.loans.set(id, { id, borrower, email, ...owed, status: "active", grantedAt: event.at });
      return;
    }
    case "RepaymentMade": {
      const loan = ledger.loans.get(event.data.loan);
      // `decide` let no such event in; an older stream is not rejected for it.
      if (loan === undefined) return;
      const repaid = loan.repaid + event.data.amount;
      const outstanding = loan.outstanding - event.data.amount;
      ledger.loans.set(loan.id, { ...loan, repaid, outstanding, status: outstanding === 0 ? "repaid" : "active" });
    }
  }
};

/** What a command does to the ledger as it stands. Pure: `id` is the number a new loan gets. */
export const decide = (ledger: Ledger, command: Command, id: string): Decision => {
  const before = command.key === undefined ? undefined : ledger.keys.get(command.key);
  if (before !== undefined) {
    if (before.request !== fingerprint(command)) {
      return { kind: "refused", status: 409, reason: "this Idempotency-Key was used for another request" };
    }
    return { kind: "done before", offset: before.offset, loan: before.loan };
  }
  const key = command.key === undefined ? {} : { key: command.key };
  if (command.do === "grant") {
    const { borrower, email, principal } = command;
    const event: LedgerEvent = {
      type: "LoanGranted",
      version: 1,
      data: { loan: id, borrower, email, principal, ...key },
    };
    return { kind: "event", event, loan: id };
  }
  const loan = ledger.loans.get(command.loan);
  if (loan === undefined) return { kind: "refused", status: 404, reason: `there is no loan ${command.loan}` };
  if (command.amount > loan.outstanding) {
    return { kind: "refused", status: 422, reason: `only ${loan.outstanding} cents are outstanding` };
  }
  const data = { loan: loan.id, amount: command.amount, ...key };
  return { kind: "event", event: { type: "RepaymentMade", version: 1, data }, loan: loan.id };
};

const commandOf = (event: Stored): Command => {
  if (event.type === "RepaymentMade") return { do: "repay", loan: event.data.loan, amount: event.data.amount };
  const { borrower, email, principal } = event.data;
  return { do: "grant", borrower, email, principal };
};

/** What makes two requests the same, the key apart. */
const fingerprint = (command: Command): string =>
  command.do === "grant"
    ? JSON.stringify(["grant", command.borrower, command.email, command.principal])
    : JSON.stringify(["repay", command.loan, command.amount]);
