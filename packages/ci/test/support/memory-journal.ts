import type { Journal, JournalEntry } from "@slipway/model";

/** A journal in memory, for tests of what is written to it. */
export function memoryJournal<T>(): Journal<T> & { readonly entries: JournalEntry<T>[] } {
  const entries: JournalEntry<T>[] = [];
  return {
    entries,
    async append(record) {
      const entry = { seq: entries.length + 1, at: Date.now(), record };
      entries.push(entry);
      return entry;
    },
    async *read(afterSeq = 0) {
      yield* entries.slice(afterSeq);
    },
    // biome-ignore lint/correctness/useYield: nothing of the CI follows its own journal
    async *follow() {
      throw new Error("not followed here");
    },
    async [Symbol.asyncDispose]() {},
  };
}
