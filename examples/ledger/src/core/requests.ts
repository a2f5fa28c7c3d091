import type { Command } from "./ledger.ts";

/** A request that cannot become a command; the text is for its sender. */
export class BadRequest extends Error {
  override readonly name = "BadRequest";
}

const fields = (body: unknown): Record<string, unknown> => {
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw new BadRequest("a JSON object is needed");
  return body as Record<string, unknown>;
};

const text = (value: unknown, name: string): string => {
  if (typeof value !== "string" || value.trim() === "" || value.length > 200) {
    throw new BadRequest(`${name} must be a text of 1 to 200 characters`);
  }
  return value.trim();
};

const cents = (value: unknown, name: string): number => {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1 || value > 1e11) {
    throw new BadRequest(`${name} must be a whole number of cents above 0`);
  }
  return value;
};

const keyOf = (key: string | undefined): { key?: string } => {
  if (key === undefined) return {};
  if (!/^[\x21-\x7e]{1,100}$/.test(key)) throw new BadRequest("Idempotency-Key must be 1 to 100 visible characters");
  return { key };
};

/** The body of POST /api/loans: `{"borrower":"Ada","email":"ada@example.com","principal":100000}`. */
export const grantFrom = (body: unknown, key: string | undefined): Command => {
  const { borrower, email, principal } = fields(body);
  const address = text(email, "email");
  if (!/^\S+@\S+$/.test(address)) throw new BadRequest("email must be an address");
  return {
    do: "grant",
    borrower: text(borrower, "borrower"),
    email: address,
    principal: cents(principal, "principal"),
    ...keyOf(key),
  };
};

/** The body of POST /api/loans/:id/repayments: `{"amount":2500}`. */
export const repaymentFrom = (loan: string, body: unknown, key: string | undefined): Command => ({
  do: "repay",
  loan,
  amount: cents(fields(body)["amount"], "amount"),
  ...keyOf(key),
});
