/** A record as it was kept. `seq` counts from 1 without gaps. */
export interface JournalEntry<T> {
  readonly seq: number;
  /** Wall time in ms since 1970. */
  readonly at: number;
  readonly record: T;
}

/**
 * Append-only records that survive a crash. When `append` resolves the record is on the disk; records keep the order of the calls.
 * One writer at a time: a second writer is refused.
 */
export interface Journal<T> extends AsyncDisposable {
  append(record: T): Promise<JournalEntry<T>>;
  /** Entries after `seq` (default: all), to the end as of the call. */
  read(afterSeq?: number): AsyncIterable<JournalEntry<T>>;
  /** As `read`, then goes on with new entries until the signal aborts. */
  follow(afterSeq: number, signal: AbortSignal): AsyncIterable<JournalEntry<T>>;
}
