import { styleText } from "node:util";
import { type Mask, SlipwayError } from "@slipway/model";
import { printable } from "./printable.ts";

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
  /** The same for a secret that was asked for: the one thing that is not hidden. */
  reveal(text: string, data: unknown): void;
  /** From now on nothing of what the mask knows is written, whatever it is part of. */
  hide(mask: Mask): void;
  /** Text as it may be written. */
  hidden(text: string): string;
  /** A line marked as good, changed, or bad. */
  mark(kind: "ok" | "changed" | "bad" | "note", line: string): void;
}

const marks = { ok: "✓", changed: "●", bad: "✗", note: "·" } as const;
const styles = { ok: "green", changed: "yellow", bad: "red", note: "dim" } as const satisfies Record<string, Style>;

const paint = (style: Style, text: string): string => styleText(style, text, { stream: process.stderr });

/** Plain data with every text in it changed. Names of fields stay. */
function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((one) => mapTexts(one, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mapTexts(one, change)]));
}

/** Nothing that a mask knows can be in it, and it is still JSON. */
export const jsonLine = (data: unknown, hidden: (text: string) => string): string =>
  `${JSON.stringify(mapTexts(JSON.parse(JSON.stringify(data)), hidden))}\n`;

export function createOutput(options: OutputOptions): Output {
  const masks: Mask[] = [];
  const hidden = (text: string): string => masks.reduce((shown, mask) => mask.text(shown), text);
  const err = (line: string): void => {
    if (!options.quiet) process.stderr.write(`${printable(hidden(line))}\n`);
  };
  const print = (text: string): void => {
    if (text !== "") process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
  };
  return {
    json: options.json,
    watched: !options.quiet && process.stdout.isTTY && process.stderr.isTTY,
    result(text, data) {
      if (options.json) process.stdout.write(jsonLine(data, hidden));
      else print(printable(hidden(text)));
    },
    reveal(text, data) {
      if (options.json) process.stdout.write(`${JSON.stringify(data)}\n`);
      else print(text);
    },
    hide: (mask) => void masks.push(mask),
    hidden,
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
export function presentError(
  error: unknown,
  options: OutputOptions,
  hidden: (text: string) => string = (text) => text,
): number {
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
  if (options.json) process.stdout.write(jsonLine({ ok: false, error: shown.toJSON() }, hidden));
  process.stderr.write(
    `${paint("red", "error")} ${printable(hidden(shown.message))} ${paint("dim", `[${shown.code}]`)}\n`,
  );
  if (shown.hint !== undefined && shown.hint !== "")
    process.stderr.write(`${paint("cyan", " hint")} ${printable(hidden(shown.hint))}\n`);
  if (process.env.SLIPWAY_DEBUG !== undefined)
    process.stderr.write(
      `${printable(hidden(error instanceof Error ? (error.stack ?? error.message) : String(error)))}\n`,
    );
  return shown.exitCode;
}
