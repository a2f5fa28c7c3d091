import { fileJournal, readJournal } from "@slipway/journal";

// Fills a journal under a limit of the file's size, and prints what came of it; run as a program by kill.test.ts.
const [path = ""] = process.argv.slice(2);
await using journal = await fileJournal<string>(path);
const outcomes: string[] = [];
for (const size of [100, 30_000, 60_000, 100]) {
  const outcome = await journal.append("x".repeat(size)).then(
    ({ seq }) => String(seq),
    (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : "unexpected"),
  );
  outcomes.push(outcome);
}
let count = 0;
for await (const _ of readJournal(path).read()) count += 1;
process.stdout.write(`${outcomes.join(" ")} ${count}`);
