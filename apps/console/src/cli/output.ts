import { styleText } from "node:util";
import { SlipwayError } from "@slipway/model";

type Style = Parameters<typeof styleText>[0];

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Where a verb writes: data to stdout, everything else to stderr. */
export interface Output {
  readonly json: boolean;
  /** Whether whoever reads the result saw the progress too, on the same terminal. */
  readonly watched: boolean;
  /** The verb's result: `text` for people, `data` with --json. Called once. */
  result(text: string, data: unknown): void;
  /** A line of progress. */
  say(line: string): void;
  /** A heading of a part that begins. */
  heading(line: string): void;
  /** A line marked as good, changed, or bad. */
  mark(kind: "ok" | "changed" | "bad" | "note", line: string): void;
}

const marks = { ok: "✓", changed: "●", bad: "✗", note: "·" } as const;
const styles = { ok: "green", changed: "yellow", bad: "red", note: "dim" } as const satisfies Record<string, Style>;

const paint = (style: Style, text: string): string => styleText(style, text, { stream: process.stderr });

export function createOutput(options: OutputOptions): Output {
  const err = (line: string): void => {
    if (!options.quiet) process.stderr.write(`${line}\n`);
  };
  return {
    json: options.json,
    watched: !options.quiet && process.stdout.isTTY && process.stderr.isTTY,
    result(text, data) {
      if (options.json) process.stdout.write(`${JSON.stringify(data)}\n`);
      else if (text !== "") process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
    },
    say: err,
    heading: (line) => err(paint("bold", line)),
    mark: (kind, line) => err(`  ${paint(styles[kind], marks[kind])} ${line}`),
  };
}

const diskFull = (error: unknown): boolean =>
  typeof error === "object" &&
  error !== null &&
  (("code" in error && error.code === "ENOSPC") || ("cause" in error && diskFull(error.cause)));

/** The lines that tell of an error, without a stack trace unless SLIPWAY_DEBUG is set, and the exit code. */
export function presentError(error: unknown, options: OutputOptions): number {
  const shown =
    error instanceof SlipwayError
      ? error
      : diskFull(error)
        ? new SlipwayError({
            code: "ops.disk-full",
            message: "the disk is full",
            hint: "Free some space and run the same command again: it goes on where it stopped.",
            cause: error,
          })
        : new SlipwayError({
            code: "ops.unexpected",
            message: error instanceof Error ? error.message : String(error),
            hint: "This is a defect of ops itself; SLIPWAY_DEBUG=1 shows where it happened.",
            cause: error,
          });
  if (options.json) process.stdout.write(`${JSON.stringify({ ok: false, error: shown.toJSON() })}\n`);
  process.stderr.write(`${paint("red", "error")} ${shown.message} ${paint("dim", `[${shown.code}]`)}\n`);
  if (shown.hint !== undefined && shown.hint !== "") process.stderr.write(`${paint("cyan", " hint")} ${shown.hint}\n`);
  if (process.env.SLIPWAY_DEBUG !== undefined)
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return shown.exitCode;
}
