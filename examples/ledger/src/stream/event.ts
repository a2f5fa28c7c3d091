/**
 * Codec of the ledger's event stream: one JSON object a line,
 * `{"offset":1,"at":"2026-01-01T00:00:00.000Z","type":"LoanGranted","version":1,"data":{…}}`.
 * Offsets count from 1 without gaps, so the last offset is the number of events.
 */

export interface LoanGranted {
  readonly type: "LoanGranted";
  readonly version: 1;
  readonly data: {
    readonly loan: string;
    readonly borrower: string;
    readonly email: string;
    /** Cents. */
    readonly principal: number;
    /** The request's Idempotency-Key, so that a repeated request is known after a restart too. */
    readonly key?: string;
  };
}

export interface RepaymentMade {
  readonly type: "RepaymentMade";
  readonly version: 1;
  readonly data: { readonly loan: string; readonly amount: number; readonly key?: string };
}

export type LedgerEvent = LoanGranted | RepaymentMade;

/** An event with its place in the stream. */
export type Stored = LedgerEvent & { readonly offset: number; readonly at: string };

/** Event type → the versions that this release reads. `app.ts` publishes the same for whoever deploys it. */
export const reads: Readonly<Record<string, readonly number[]>> = { LoanGranted: [1], RepaymentMade: [1] };

/** The stream holds what this release must not guess at: a newer version, an unknown type, or damage. */
export class UnreadableStream extends Error {
  override readonly name = "UnreadableStream";
}

export const encode = ({ offset, at, type, version, data }: Stored): string =>
  `${JSON.stringify({ offset, at, type, version, data })}\n`;

/** Reads one complete line. Throws `UnreadableStream` unless it is event number `expected` in a version this release reads. */
export const decode = (line: string, expected: number): Stored => {
  const event = parse(line, expected);
  const { offset, type, version } = event;
  if (offset !== expected) throw new UnreadableStream(`event ${expected} of the stream is numbered ${String(offset)}`);
  const versions = reads[String(type)];
  if (versions === undefined)
    throw new UnreadableStream(`event ${expected} is ${String(type)}, unknown to this release`);
  if (!versions.includes(Number(version))) {
    const known = versions.join(" and ");
    throw new UnreadableStream(
      `event ${expected} is ${String(type)} version ${String(version)}; this release reads version ${known}`,
    );
  }
  // Written by this code or an older release of it: type and version say its shape.
  return event as unknown as Stored;
};

const parse = (line: string, expected: number): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null && "data" in value) return { ...value };
  } catch {
    // Told below, together with values that are no event.
  }
  throw new UnreadableStream(`event ${expected} of the stream is damaged: ${line.slice(0, 60)}`);
};
