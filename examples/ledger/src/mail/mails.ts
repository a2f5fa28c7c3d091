import type { Stored } from "../stream/event.ts";

export interface Mail {
  /** The event that it tells of: at most one mail for each. */
  readonly offset: number;
  readonly to: string;
  readonly subject: string;
  readonly body: string;
}

/** What mails need to remember of each loan. */
export type Borrowers = Map<string, { readonly name: string; readonly email: string; outstanding: number }>;

const money = (cents: number): string =>
  (cents / 100).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** The mail that an event calls for, if any. Remembers the borrower of each loan. */
export const mailFor = (borrowers: Borrowers, event: Stored): Mail | undefined => {
  const { offset } = event;
  if (event.type === "LoanGranted") {
    const { loan, borrower: name, email, principal } = event.data;
    borrowers.set(loan, { name, email, outstanding: principal });
    return {
      offset,
      to: email,
      subject: `Your loan of ${money(principal)}`,
      body: `Dear ${name}, your loan of ${money(principal)} was granted.`,
    };
  }
  const borrower = borrowers.get(event.data.loan);
  if (borrower === undefined) return undefined;
  borrower.outstanding -= event.data.amount;
  const rest = borrower.outstanding === 0 ? "Your loan is repaid." : `${money(borrower.outstanding)} remain.`;
  return {
    offset,
    to: borrower.email,
    subject: `Your repayment of ${money(event.data.amount)}`,
    body: `Dear ${borrower.name}, we received ${money(event.data.amount)}. ${rest}`,
  };
};
