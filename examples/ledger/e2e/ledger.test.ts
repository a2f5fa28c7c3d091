import assert from "node:assert/strict";
import { test } from "node:test";
import { setInterval } from "node:timers/promises";

/** The only thing that these tests know of the application. */
const url = process.env["SLIPWAY_URL"];
if (url === undefined) throw new Error("SLIPWAY_URL must say where the ledger runs");

const get = async <T>(path: string): Promise<T> => {
  const answer = await fetch(`${url}${path}`);
  assert.equal(answer.status, 200, `GET ${path}`);
  return (await answer.json()) as T;
};

const post = (path: string, body: object, key: string): Promise<Response> =>
  fetch(`${url}${path}`, { method: "POST", headers: { "Idempotency-Key": key }, body: JSON.stringify(body) });

test("the page comes with its script and its style", async () => {
  const answer = await fetch(`${url}/`);
  const html = await answer.text();
  assert.equal(answer.status, 200);
  assert.match(html, /<title>Ledger<\/title>/);
  assert.match(html, /<span id="release">[^<]+<\/span>/);
  for (const path of ["/client.js", "/style.css"]) {
    assert.ok(html.includes(`"${path}"`));
    assert.equal((await fetch(`${url}${path}`)).status, 200, path);
  }
});

test("a loan is granted, repaid, and both are told by mail", { timeout: 60_000 }, async () => {
  const run = crypto.randomUUID();
  const loan = { borrower: "Ada Lovelace", email: `${run}@example.com`, principal: 150_000 };
  const granted = await post("/api/loans", loan, `${run}-grant`);
  assert.equal(granted.status, 201);
  const { id } = (await granted.json()) as { id: string };
  assert.equal((await post("/api/loans", loan, `${run}-grant`)).status, 200);

  assert.equal((await post(`/api/loans/${id}/repayments`, { amount: 50_000 }, `${run}-repay`)).status, 201);
  const { loans } = await get<{ loans: { id: string; outstanding: number }[] }>("/api/loans");
  assert.deepEqual(
    loans.filter((one) => one.id === id).map(({ outstanding }) => outstanding),
    [100_000],
  );

  // Mails are told within a round of the worker; the test's own timeout is the limit.
  for await (const _ of setInterval(100)) {
    const { mails } = await get<{ mails: { to: string; subject: string }[] }>("/mails");
    const subjects = mails.filter(({ to }) => to === loan.email).map(({ subject }) => subject);
    if (subjects.length < 2) continue;
    assert.deepEqual(subjects, ["Your repayment of 500.00", "Your loan of 1,500.00"]);
    break;
  }
});
