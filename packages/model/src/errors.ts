/** Exit codes of `ops`, stable and documented in the README. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  partlyFailed: 3,
  nothingToDo: 4,
  refused: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** One row of a package's table of errors: permanent code, exit code, and what to do about it. */
export interface ErrorKind {
  readonly exitCode: ExitCode;
  /** What the reader can do next; one sentence. */
  readonly hint: string;
}

export interface SlipwayErrorOptions {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly exitCode?: ExitCode;
  readonly cause?: unknown;
}

/**
 * The one base of every error that a user may see: what happened (`message`), what to do (`hint`), and a permanent `code`.
 * Text that came from outside must be redacted by whoever builds the error.
 */
export class SlipwayError extends Error {
  override readonly name: string = "SlipwayError";
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;

  constructor(options: SlipwayErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? exitCodes.failed;
  }

  toJSON(): { code: string; message: string; hint: string | undefined } {
    return { code: this.code, message: this.message, hint: this.hint };
  }
}

/**
 * Binds a package's table of errors, so that code, hint and exit code stand in one place:
 * `const fail = errorsOf({ "host.unknown": { exitCode: 2, hint: "…" } }); throw fail("host.unknown", "there is no host x");`
 */
export function errorsOf<const T extends Readonly<Record<string, ErrorKind>>>(
  table: T,
): (
  code: keyof T & string,
  message: string,
  more?: { readonly cause?: unknown; readonly hint?: string },
) => SlipwayError {
  return (code, message, more) => {
    const kind = table[code];
    return new SlipwayError({
      code,
      message,
      hint: more?.hint ?? kind?.hint ?? "",
      exitCode: kind?.exitCode ?? exitCodes.failed,
      cause: more?.cause,
    });
  };
}

/** The text of whatever was thrown. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
