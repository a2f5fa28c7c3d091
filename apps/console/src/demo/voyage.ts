import type { Clock } from "@slipway/model";
import { formatMs, messageOf } from "@slipway/model";

/** What a leg found to do. */
export interface LegResult {
  /** Things that were changed; 0 when all was as wanted. */
  readonly changes: number;
  /** One sentence: what is now true, as it was seen. */
  readonly seen: string;
}

/** One part of the voyage. It asks the machines what is left to do, so it may be stopped anywhere and run again. */
export interface Leg {
  readonly name: string;
  readonly run: (signal: AbortSignal) => Promise<LegResult>;
}

export interface LegReport {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
  readonly changes: number;
  readonly seen: string;
}

/** What `--json` prints. */
export interface VoyageReport {
  readonly ok: boolean;
  readonly seconds: number;
  readonly changes: number;
  readonly legs: readonly LegReport[];
}

export interface VoyageEvents {
  begin(leg: Leg, index: number): void;
  end(report: LegReport): void;
}

/** Walks the legs in order and stops at the first that fails; the error is given beside the report. */
export async function walk(
  legs: readonly Leg[],
  how: { readonly clock: Clock; readonly signal: AbortSignal; readonly events: VoyageEvents },
): Promise<{ readonly report: VoyageReport; readonly error: Error | undefined }> {
  const start = how.clock.monotonic();
  const done: LegReport[] = [];
  let error: Error | undefined;
  for (const [index, leg] of legs.entries()) {
    how.events.begin(leg, index);
    const began = how.clock.monotonic();
    const seconds = (): number => Math.round((how.clock.monotonic() - began) / 100) / 10;
    try {
      how.signal.throwIfAborted();
      const result = await leg.run(how.signal);
      done.push({ name: leg.name, ok: true, seconds: seconds(), ...result });
    } catch (thrown) {
      error = thrown instanceof Error ? thrown : new Error(messageOf(thrown));
      done.push({ name: leg.name, ok: false, seconds: seconds(), changes: 0, seen: messageOf(thrown) });
    }
    const last = done.at(-1);
    if (last !== undefined) how.events.end(last);
    if (error !== undefined) break;
  }
  return {
    report: {
      ok: error === undefined,
      seconds: Math.round((how.clock.monotonic() - start) / 100) / 10,
      changes: done.reduce((sum, leg) => sum + leg.changes, 0),
      legs: done,
    },
    error,
  };
}

const counted = (changes: number): string => (changes === 1 ? "1 change" : `${changes} changes`);

/** The closing summary for people. */
export function formatVoyage(report: VoyageReport): string {
  const width = Math.max(...report.legs.map((leg) => leg.name.length));
  const times = report.legs.map((leg) => formatMs(leg.seconds * 1_000));
  const timeWidth = Math.max(...times.map((time) => time.length));
  const rows = report.legs.map(
    (leg, index) =>
      `${leg.ok ? "✓" : "✗"} ${leg.name.padEnd(width)}  ${(times[index] ?? "").padStart(timeWidth)}  ${leg.seen}`,
  );
  const total = `${report.ok ? "The voyage is done" : "The voyage stopped"} after ${formatMs(report.seconds * 1_000)}: ${counted(report.changes)}.`;
  return `${rows.join("\n")}\n\n${total}`;
}
