import { fail } from "../errors.ts";

/** The ledger as its users reach it: through nginx, from outside. */
export interface LedgerClient {
  /** Lends once, however often it is called with the same key. */
  lend(
    key: string,
    loan: { readonly borrower: string; readonly email: string; readonly principal: number },
  ): Promise<void>;
  loans(): Promise<readonly unknown[]>;
}

export function ledgerClient(address: string, signal: AbortSignal): LedgerClient {
  const base = `http://${address}`;
  const ask = async (path: string, init: RequestInit = {}): Promise<unknown> => {
    const answer = await fetch(`${base}${path}`, {
      ...init,
      signal: AbortSignal.any([signal, AbortSignal.timeout(20_000)]),
    });
    const body = await answer.text();
    if (!answer.ok) throw fail("ops.drill", `${base}${path} answered ${answer.status}: ${body.slice(0, 200)}`);
    return JSON.parse(body);
  };
  return {
    lend: async (key, loan) => {
      await ask("/api/loans", {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": key },
        body: JSON.stringify(loan),
      });
    },
    loans: async () => {
      const answer = await ask("/api/loans");
      const list = Array.isArray(answer) ? answer : (answer as { loans?: unknown }).loans;
      if (!Array.isArray(list)) throw fail("ops.drill", `${base}/api/loans did not answer with loans`);
      return list;
    },
  };
}
