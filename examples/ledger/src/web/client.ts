interface Loan {
  readonly id: string;
  readonly borrower: string;
  readonly email: string;
  readonly principal: number;
  readonly repaid: number;
  readonly outstanding: number;
  readonly status: "active" | "repaid";
}

interface Loans {
  readonly total: number;
  readonly lent: number;
  readonly outstanding: number;
  readonly loans: readonly Loan[];
}

interface Mail {
  readonly offset: number;
  readonly to: string;
  readonly subject: string;
  readonly body: string;
}

const one = <T extends Element>(kind: new () => T, selector: string, within: ParentNode = document): T => {
  const found = within.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`the page has no ${selector}`);
  return found;
};

const money = (cents: number): string =>
  (cents / 100).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
/** What was typed into a field, as text; and as cents. */
const typed = (data: FormData, field: string): string => {
  const value = data.get(field);
  return typeof value === "string" ? value : "";
};
const cents = (data: FormData, field: string): number => Math.round(Number(typed(data, field)) * 100);

const say = (text: string, wrong = false): void => {
  const message = one(HTMLElement, "#message");
  message.textContent = text;
  message.classList.toggle("wrong", wrong);
};

const get = async <T>(path: string): Promise<T> => {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return (await answer.json()) as T;
};

/** One key for one intention: the same request may be sent again when no answer came. */
const post = async (path: string, body: object): Promise<void> => {
  const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
  const send = () =>
    fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": key },
      body: JSON.stringify(body),
    });
  const answer = await send().catch(send);
  if (!answer.ok) {
    const { error } = (await answer.json().catch(() => ({}))) as { error?: string };
    throw new Error(error ?? `the ledger answered ${answer.status}`);
  }
};

const rows = new Map<string, HTMLLIElement>();

const newRow = (loan: Loan): HTMLLIElement => {
  const row = one(HTMLTemplateElement, "#loan").content.firstElementChild?.cloneNode(true) as HTMLLIElement;
  row.dataset["loan"] = loan.id;
  one(HTMLElement, ".borrower", row).textContent = loan.borrower;
  one(HTMLElement, ".email", row).textContent = loan.email;
  const form = one(HTMLFormElement, ".repay", row);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const amount = cents(new FormData(form), "amount");
    form.reset();
    void act(`${money(amount)} received from ${loan.borrower}.`, () =>
      post(`/api/loans/${encodeURIComponent(loan.id)}/repayments`, { amount }),
    );
  });
  rows.set(loan.id, row);
  return row;
};

const show = ({ loans, total, lent, outstanding }: Loans): void => {
  one(HTMLElement, "#count").textContent = String(total);
  one(HTMLElement, "#lent").textContent = money(lent);
  one(HTMLElement, "#outstanding").textContent = money(outstanding);
  one(HTMLElement, "#empty").hidden = loans.length > 0;
  const list = one(HTMLElement, "#loans");
  for (const [index, loan] of loans.entries()) {
    const row = rows.get(loan.id) ?? newRow(loan);
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
    row.classList.toggle("is-repaid", loan.status === "repaid");
    one(HTMLElement, ".repaid", row).textContent = `${money(loan.repaid)} of ${money(loan.repaid + loan.outstanding)}`;
    one(HTMLProgressElement, "progress", row).value = loan.repaid / (loan.repaid + loan.outstanding);
    one(HTMLInputElement, "input", row).placeholder = money(loan.outstanding);
  }
};

const showMails = (mails: readonly Mail[]): void => {
  one(HTMLElement, "#mails").replaceChildren(
    ...mails.map(({ to, subject, body }) => {
      const item = document.createElement("li");
      const head = document.createElement("strong");
      head.textContent = subject;
      const address = document.createElement("span");
      address.textContent = to;
      const text = document.createElement("p");
      text.textContent = body;
      item.append(head, address, text);
      return item;
    }),
  );
};

const refresh = async (): Promise<void> => {
  show(await get<Loans>("/api/loans"));
  showMails((await get<{ mails: Mail[] }>("/mails")).mails);
};

const act = async (done: string, work: () => Promise<void>): Promise<void> => {
  try {
    await work();
    say(done);
    await refresh();
  } catch (cause) {
    say(cause instanceof Error ? cause.message : String(cause), true);
  }
};

const grant = one(HTMLFormElement, "#grant");
grant.addEventListener("submit", (event) => {
  event.preventDefault();
  const data = new FormData(grant);
  const borrower = typed(data, "borrower");
  const loan = { borrower, email: typed(data, "email"), principal: cents(data, "principal") };
  void act(`${money(loan.principal)} granted to ${borrower}.`, async () => {
    await post("/api/loans", loan);
    grant.reset();
  });
});

const round = async (): Promise<void> => {
  // A moment without an answer is no news for the reader; the next round tells.
  if (!document.hidden) await refresh().catch(() => {});
  setTimeout(() => void round(), 2000);
};
void round();
