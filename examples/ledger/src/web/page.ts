const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);

/** The page: a frame with the forms; `client.js` fills in what the ledger says. */
export const page = ({ version, release }: { readonly version: string; readonly release: string }): string => {
  const [commit = "", slot = ""] = release.split("/");
  const running = commit === "" ? "development" : `${commit.slice(0, 12)}${slot === "" ? "" : ` · ${slot}`}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Ledger</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
<script type="module" src="/client.js"></script>
</head>
<body>
<header>
  <h1>Ledger</h1>
  <dl id="totals">
    <div><dt>Loans</dt><dd id="count">–</dd></div>
    <div><dt>Lent</dt><dd id="lent">–</dd></div>
    <div><dt>Outstanding</dt><dd id="outstanding">–</dd></div>
  </dl>
</header>
<main>
  <section aria-labelledby="grant-title" class="grant">
    <h2 id="grant-title">Grant a loan</h2>
    <form id="grant">
      <label>Borrower <input name="borrower" required maxlength="200" autocomplete="off" placeholder="Ada Lovelace"></label>
      <label>E-mail <input name="email" type="email" required maxlength="200" autocomplete="off" placeholder="ada@example.com"></label>
      <label>Amount <input name="principal" inputmode="decimal" required pattern="[0-9]+([.][0-9]{1,2})?" placeholder="1000.00"></label>
      <button>Grant</button>
    </form>
    <p id="message" role="status"></p>
  </section>
  <section aria-labelledby="loans-title" class="loans">
    <h2 id="loans-title">Loans</h2>
    <ul id="loans" aria-live="polite"></ul>
    <p id="empty" hidden>No loans yet. The first one you grant appears here.</p>
  </section>
  <section aria-labelledby="mails-title" class="mails">
    <h2 id="mails-title">Mails sent</h2>
    <ol id="mails"></ol>
  </section>
</main>
<footer>Ledger <span id="version">${escaped(version)}</span> · <span id="release">${escaped(running)}</span></footer>
<template id="loan">
  <li>
    <div class="who"><strong class="borrower"></strong><span class="email"></span></div>
    <div class="amounts"><span class="repaid"></span><progress max="1"></progress></div>
    <form class="repay">
      <input name="amount" aria-label="Repayment" inputmode="decimal" required pattern="[0-9]+([.][0-9]{1,2})?">
      <button>Repay</button>
    </form>
    <span class="done">Repaid</span>
  </li>
</template>
</body>
</html>
`;
};
