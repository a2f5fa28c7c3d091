/** A loan as the ledger's API lists it. */
export interface Loan {
  readonly id: string;
  readonly borrower: string;
  readonly principal: number;
}

/** Every loan, from outside. */
export async function loans(app: string): Promise<readonly Loan[]> {
  const answer = await fetch(`${app}/api/loans?limit=10000`, { signal: AbortSignal.timeout(20_000) });
  if (!answer.ok) throw new Error(`${app} answered ${answer.status}`);
  return ((await answer.json()) as { readonly loans: readonly Loan[] }).loans;
}

/** Lends, and gives the HTTP status. A rate makes it an event that only version 2 reads. */
export async function lend(
  app: string,
  loan: { readonly borrower: string; readonly principal: number; readonly rate?: number },
): Promise<number> {
  const answer = await fetch(`${app}/api/loans`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": crypto.randomUUID() },
    body: JSON.stringify({ email: "someone@example.org", ...loan }),
    signal: AbortSignal.timeout(20_000),
  });
  await answer.text();
  return answer.status;
}

export interface Traffic {
  /** Requests that were answered with success. */
  readonly answered: number;
  /** Everything else, in words. */
  readonly failed: readonly string[];
  /** Borrowers whose loan was acknowledged. */
  readonly lent: readonly string[];
}

/** Reads the page and the list, and lends, one after another without a pause, until `stop`; three such users at once. */
export function traffic(app: string, name: string): { stop(): Promise<Traffic> } {
  const over = new AbortController();
  let answered = 0;
  const failed: string[] = [];
  const lent: string[] = [];
  const ask = async (what: string, request: () => Promise<number>, expected: number): Promise<boolean> => {
    try {
      const status = await request();
      if (status === expected) answered += 1;
      else failed.push(`${what}: ${status}`);
      return status === expected;
    } catch (error) {
      failed.push(`${what}: ${String(error)}`);
      return false;
    }
  };
  const get = (path: string) => async (): Promise<number> => {
    const answer = await fetch(`${app}${path}`, { signal: AbortSignal.timeout(20_000) });
    await answer.text();
    return answer.status;
  };
  const user = async (number: number): Promise<void> => {
    for (let round = 0; !over.signal.aborted; round += 1) {
      const borrower = `${name} ${number}.${round}`;
      await ask("GET /", get("/"), 200);
      await ask("GET /api/loans", get("/api/loans"), 200);
      if (await ask("POST /api/loans", () => lend(app, { borrower, principal: 100 }), 201)) lent.push(borrower);
    }
  };
  const users = Promise.all([1, 2, 3].map(user));
  return {
    stop: async () => {
      over.abort();
      await users;
      return { answered, failed, lent };
    },
  };
}
