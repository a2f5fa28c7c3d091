import { type Clock, messageOf } from "@slipway/model";
import type { AlertBook, Letter } from "./book.ts";
import type { Announcement } from "./machine.ts";

export interface DeliverOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly send: (channel: string, announcement: Announcement, signal: AbortSignal) => Promise<void>;
  /** Called with every failure, for the log. */
  readonly onFailure?: (letter: Letter, reason: string) => void;
}

export interface Delivery {
  /** Says that there may be new letters. */
  wake(): void;
  /** Settles when the signal has aborted and nothing is being sent. */
  readonly done: Promise<void>;
}

const firstRetryMs = 1_000;
const lastRetryMs = 300_000;

/** How long to wait after so many failures. */
export const retryMs = (attempts: number): number =>
  Math.min(firstRetryMs * 2 ** Math.max(0, attempts - 1), lastRetryMs);

/**
 * Sends what waits until it is out, each channel by itself, one letter at a time. Letters about one alert keep their order: its
 * resolution waits for its announcement. Another alert's letter does not wait for one that is refused.
 */
export function deliver(book: AlertBook, channels: readonly string[], options: DeliverOptions): Delivery {
  const { clock, signal } = options;
  let waker = new AbortController();

  const run = async (channel: string): Promise<void> => {
    /** Row → monotonic time before which it is not tried again. Not on disk: a restart tries at once. */
    const notBefore = new Map<number, number>();
    const failures = new Map<number, number>();
    const sent = new Set<number>();
    while (!signal.aborted) {
      const woken = waker.signal;
      const heads = firstOfEachKey(book.waiting(channel));
      const now = clock.monotonic();
      const letter = heads.find((each) => (notBefore.get(each.row) ?? 0) <= now);
      if (letter === undefined) {
        const soonest = Math.min(...heads.map((each) => notBefore.get(each.row) ?? 0), now + lastRetryMs);
        await clock.sleep(Math.max(soonest - now, 1), AbortSignal.any([signal, woken])).catch(() => {});
        continue;
      }
      try {
        // Sent, but not noted because the disk was full: only the note is made again.
        if (!sent.has(letter.row)) await options.send(channel, letter.announcement, signal);
        sent.add(letter.row);
        book.delivered(letter);
        sent.delete(letter.row);
        failures.delete(letter.row);
        notBefore.delete(letter.row);
      } catch (error) {
        if (signal.aborted) return;
        const failed = (failures.get(letter.row) ?? 0) + 1;
        failures.set(letter.row, failed);
        notBefore.set(letter.row, clock.monotonic() + retryMs(failed));
        options.onFailure?.(letter, messageOf(error));
      }
    }
  };

  return {
    wake() {
      const former = waker;
      waker = new AbortController();
      former.abort();
    },
    done: Promise.all(channels.map(run)).then(() => {}),
  };
}

function firstOfEachKey(letters: readonly Letter[]): readonly Letter[] {
  const seen = new Set<string>();
  return letters.filter(({ key }) => !seen.has(key) && seen.add(key) !== undefined);
}
