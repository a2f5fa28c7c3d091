import { type Command, commandLine, type DebianLike, type Revertable, revertable, telling } from "@slipway/model";
import { fail } from "../errors.ts";
import { installed } from "./apt.ts";
import { absent, content } from "./file.ts";
import { running } from "./systemd.ts";

export interface JobOptions {
  /** Five fields as in `"30 2 * * 1-5"`, or `"@daily"`, in the host's time. */
  readonly at: string;
  /** What is run. For shell text: `["sh", "-c", text]`. */
  readonly run: Command;
  /** Default root. */
  readonly user?: string;
  /** Also MAILTO, PATH and SHELL. Not for secrets: everybody on the host may read it. */
  readonly environment?: Readonly<Record<string, string>>;
}

const fields = [
  { title: "minute", from: 0, to: 59, names: [] },
  { title: "hour", from: 0, to: 23, names: [] },
  { title: "day of the month", from: 1, to: 31, names: [] },
  { title: "month", from: 1, to: 12, names: "jan feb mar apr may jun jul aug sep oct nov dec".split(" ") },
  { title: "day of the week", from: 0, to: 7, names: "sun mon tue wed thu fri sat".split(" ") },
] as const;
type Field = (typeof fields)[number];

/** What is wrong with one field of a schedule. */
function flaw(text: string, field: Field): string | undefined {
  for (const part of text.split(",")) {
    const match = /^(?:\*|([a-z0-9]+)(?:-([a-z0-9]+))?)(?:\/(\d+))?$/i.exec(part);
    const [first, last] = [match?.[1], match?.[2]].map((one) => (one === undefined ? undefined : numberOf(one, field)));
    const bounds = [first, last].filter((one) => one !== undefined);
    const outside = bounds.some((one) => Number.isNaN(one) || one < field.from || one > field.to);
    if (match === null || outside || Number(match[3] ?? 1) < 1 || (first ?? 0) > (last ?? first ?? 0))
      return `"${part}" is no ${field.title}`;
  }
  return undefined;
}

const numberOf = (word: string, field: Field): number => {
  if (/^\d+$/.test(word)) return Number(word);
  const index = (field.names as readonly string[]).indexOf(word.toLowerCase());
  return index < 0 ? Number.NaN : index + field.from;
};

/** A schedule as cron reads it. Throws `config.bad-argument`. */
function checkedSchedule(at: string): string {
  if (/^@(reboot|yearly|annually|monthly|weekly|daily|midnight|hourly)$/.test(at)) return at;
  const parts = at.trim().split(/[ \t]+/);
  const wrong =
    parts.length === 5
      ? fields.map((field, index) => flaw(parts[index] ?? "", field)).find((one) => one !== undefined)
      : "it has not five fields";
  if (wrong !== undefined) throw fail("config.bad-argument", `"${at}" is no schedule for cron: ${wrong}`);
  return parts.join(" ");
}

function line(name: string, run: Command): string {
  const text = commandLine(run);
  if (/[\n\r\0]/.test(text)) throw fail("config.bad-argument", `the command of the job ${name} is not one line`);
  // Unescaped, % begins the input of the command; cron takes the backslash away, and knows no way to write \\%.
  if (text.includes("\\%"))
    throw fail("config.bad-argument", `the command of the job ${name} has \\% in it, which cron cannot run`);
  return text.replaceAll("%", "\\%");
}

function variables(name: string, given: Readonly<Record<string, string>>): string {
  return Object.entries(given)
    .map(([key, value]) => {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key) || /["\n\r\0]/.test(value))
        throw fail("config.bad-argument", `${key} is no variable for the job ${name}`);
      return `${key}="${value}"\n`;
    })
    .join("");
}

/**
 * cron runs a command at these times, by a file of its own in /etc/cron.d. What it prints goes by mail where mail is set up. Its opposite
 * removes the file and leaves cron. Throws `config.bad-argument`.
 */
export function job(name: string, how: JobOptions): Revertable<DebianLike> {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name))
    throw fail("config.bad-argument", `"${name}" is not a name for a job: letters, digits, - and _`);
  const user = how.user ?? "root";
  if (!/^[a-z_][a-z0-9_-]*$/.test(user)) throw fail("config.bad-argument", `"${user}" is not the name of a user`);
  const path = `/etc/cron.d/${name}`;
  const entry = `${checkedSchedule(how.at)} ${user} ${line(name, how.run)}\n`;
  const cron = running("cron").requires(installed("cron"));
  const file = content(path, `${variables(name, how.environment ?? {})}${entry}`).requires(cron);
  return revertable(
    telling(file.describe(`cron runs ${name} at ${how.at}`), {
      kind: "check",
      title: "cron",
      check: { type: "unit", unit: "cron.service" },
    }),
    absent(path),
  );
}
