import { fileJournal } from "@slipway/journal";

// Appends until it is killed, and says what was acknowledged; run as a program of its own by kill.test.ts.
const [path = "", batch = "1"] = process.argv.slice(2);
const journal = await fileJournal<{ readonly by: number; readonly filler: string }>(path);
process.stdout.write("ready\n");
for (;;) {
  const appended = Array.from({ length: Number(batch) }, (_, index) =>
    journal.append({ by: process.pid, filler: "x".repeat(index * 100) }),
  );
  for (const entry of await Promise.all(appended)) process.stdout.write(`${entry.seq}\n`);
}
