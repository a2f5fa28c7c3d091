import { join } from "node:path";
import { carryOut, fileJournal, type IntentRecord, recover } from "@slipway/journal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listOf, temporaryFolder } from "./here.ts";

type Entry = IntentRecord<string, number>;

describe("recovery", () => {
  it("finds exactly the intents that have no done after them", () => {
    const id = fc.constantFrom("a", "b", "c", "d");
    const record = fc.oneof(
      id.map((each): Entry => ({ kind: "intent", id: each, intent: `do ${each}` })),
      fc.tuple(id, fc.nat()).map(([each, done]): Entry => ({ kind: "done", id: each, done })),
    );
    fc.assert(
      fc.property(fc.array(record, { maxLength: 30 }), (records) => {
        const entries = records.map((each, index) => ({ seq: index + 1, at: index, record: each }));
        const { pending, done } = recover(entries);
        for (const each of ["a", "b", "c", "d"]) {
          const last = entries.findLast((entry) => entry.record.id === each);
          expect(pending.some((one) => one.id === each)).toBe(last?.record.kind === "intent");
          expect(done.has(each)).toBe(last?.record.kind === "done");
        }
        for (const one of pending) expect(entries[one.seq - 1]?.record).toMatchObject({ kind: "intent", id: one.id });
      }),
    );
  });

  it("carries on after an effect that failed half-way", async () => {
    await using folder = await temporaryFolder();
    await using journal = await fileJournal<Entry>(join(folder.path, "j"));
    expect(await carryOut(journal, "one", "first", async () => 1)).toBe(1);
    const broken = carryOut(journal, "two", "second", () => Promise.reject(new Error("power cut")));
    await expect(broken).rejects.toThrow("power cut");
    const { pending, done } = recover(await listOf(journal.read()));
    expect(pending).toMatchObject([{ id: "two", intent: "second", attempts: 1 }]);
    expect([...done]).toEqual([["one", 1]]);
    await carryOut(journal, "two", "second", async () => 2);
    expect(recover(await listOf(journal.read())).pending).toEqual([]);
  });
});
