import type { Journal, JournalEntry } from "@slipway/model";

/** What a journal of effects holds: what will be done, written before it, and that it was done, written after. */
export type IntentRecord<I, D> =
  | { readonly kind: "intent"; readonly id: string; readonly intent: I }
  | { readonly kind: "done"; readonly id: string; readonly done: D };

export interface Pending<I> {
  readonly id: string;
  readonly intent: I;
  /** Entry of the intent. */
  readonly seq: number;
  readonly at: number;
  /** How often it was begun without an end. */
  readonly attempts: number;
}

export interface Recovery<I, D> {
  /** Intents without their done, in the order they were first written: what the next run finishes or undoes. */
  readonly pending: readonly Pending<I>[];
  /** Last result by id. An id that is pending again is not here. */
  readonly done: ReadonlyMap<string, D>;
}

/** What a journal says is unfinished. Pure: give it the entries in order. */
export function recover<I, D>(entries: Iterable<JournalEntry<IntentRecord<I, D>>>): Recovery<I, D> {
  const pending = new Map<string, Pending<I>>();
  const done = new Map<string, D>();
  for (const { seq, at, record } of entries) {
    if (record.kind === "done") {
      pending.delete(record.id);
      done.set(record.id, record.done);
      continue;
    }
    const before = pending.get(record.id);
    done.delete(record.id);
    pending.set(record.id, { id: record.id, intent: record.intent, seq, at, attempts: (before?.attempts ?? 0) + 1 });
  }
  return { pending: [...pending.values()], done };
}

/**
 * Writes the intent, runs the effect, writes that it is done. When the effect throws, the intent stays pending. The effect must bear being
 * run again, as a crash may fall between its end and the record.
 */
export async function carryOut<I, D>(
  journal: Journal<IntentRecord<I, D>>,
  id: string,
  intent: I,
  effect: (intent: I) => Promise<D>,
): Promise<D> {
  await journal.append({ kind: "intent", id, intent });
  const done = await effect(intent);
  await journal.append({ kind: "done", id, done });
  return done;
}
