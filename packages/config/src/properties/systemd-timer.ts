import {
  all,
  type Command,
  type DebianLike,
  type Duration,
  messageOf,
  ms,
  type Revertable,
  revertable,
  telling,
} from "@slipway/model";
import { fail } from "../errors.ts";
import { content } from "./file.ts";
import { daemonReloaded, noUnit, restarted, running } from "./systemd-units.ts";

export interface TimerOptions {
  /** When, as OnCalendar takes it: `"daily"`, `"Mon..Fri 02:30"`, `"*-*-* 00/2:00"`, in the host's time. */
  readonly at: string | readonly string[];
  /** What is run, without a shell. */
  readonly run: Command;
  /** Default root. */
  readonly user?: string;
  /** Not for secrets: everybody on the host may read it. */
  readonly environment?: Readonly<Record<string, string>>;
  /** A run that was missed while the machine was off is made up for. Default true. */
  readonly persistent?: boolean;
  /** Up to this much later, at random, so that not all hosts begin at once. */
  readonly spread?: Duration;
  /** More lines for the service, such as `Nice=10`. */
  readonly settings?: Readonly<Record<string, string>>;
}

const oneLine = (what: string, text: string): string => {
  if (/[\u0000-\u001f]/.test(text))
    throw fail("config.bad-argument", `${what} is not one line: ${JSON.stringify(text.slice(0, 80))}`);
  return text;
};

/** A word as systemd reads it back unchanged. */
const word = (text: string): string =>
  `"${oneLine("an argument of a unit", text).replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%")}"`;

/** A command as ExecStart reads it back unchanged. Throws `config.bad-argument`. */
export const execLine = ([program, ...args]: Command): string => {
  if (!/^[A-Za-z0-9_./][A-Za-z0-9_./+-]*$/.test(program))
    throw fail("config.bad-argument", `"${program}" is not a program that a unit can start`);
  return [program, ...args.map((arg) => word(arg).replaceAll("$", "$$$$"))].join(" ");
};

function serviceText(name: string, how: TimerOptions): string {
  const environment = Object.entries(how.environment ?? {}).map(([key, value]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key))
      throw fail("config.bad-argument", `"${key}" is not the name of a variable`);
    return `Environment=${word(`${key}=${value}`)}`;
  });
  const settings = Object.entries(how.settings ?? {}).map(([key, value]) => {
    if (!/^[A-Z][A-Za-z0-9]*$/.test(key)) throw fail("config.bad-argument", `"${key}" is not a setting of a service`);
    return `${key}=${oneLine(key, value)}`;
  });
  const user = how.user === undefined ? [] : [`User=${oneLine("a user", how.user)}`];
  const lines = ["Type=oneshot", ...user, ...environment, ...settings, `ExecStart=${execLine(how.run)}`];
  return `[Unit]\nDescription=${name}\n\n[Service]\n${lines.join("\n")}\n`;
}

function timerText(name: string, times: readonly string[], how: TimerOptions): string {
  const lines = times.map((time) => `OnCalendar=${time}`);
  if (how.persistent ?? true) lines.push("Persistent=true");
  if (how.spread !== undefined) lines.push(`RandomizedDelaySec=${seconds(how.spread)}`);
  return `[Unit]\nDescription=${name}\n\n[Timer]\n${lines.join("\n")}\n\n[Install]\nWantedBy=timers.target\n`;
}

function seconds(span: Duration): number {
  try {
    return Math.ceil(ms(span) / 1_000);
  } catch (cause) {
    throw fail("config.bad-argument", messageOf(cause), { cause });
  }
}

/**
 * A command is run at these times by `<name>.service`, which `<name>.timer` starts; the host checks the times before they are installed. A
 * run that is on its way ends as it began when something changes. Its opposite ends and removes both. Throws `config.bad-argument`.
 */
export function timer(name: string, how: TimerOptions): Revertable<DebianLike> {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name) || /\.(service|timer)$/.test(name))
    throw fail("config.bad-argument", `"${name}" is not a name for a timer; it is written without .timer`);
  const times = typeof how.at === "string" ? [how.at] : how.at;
  const bad = times.find((time) => !/^[A-Za-z0-9*][A-Za-z0-9*/:,.~+_ -]*$/.test(time));
  if (times.length === 0 || bad !== undefined)
    throw fail(
      "config.bad-argument",
      `${JSON.stringify(bad ?? "")} is no time for OnCalendar, such as "Mon..Fri 02:30"`,
    );
  const [service, full] = [`${name}.service`, `${name}.timer`];
  const validate = ["systemd-analyze", "calendar", "--", ...times] as const;
  const serviceFile = content(`/etc/systemd/system/${service}`, serviceText(name, how)).onChange(daemonReloaded);
  const timerFile = content(`/etc/systemd/system/${full}`, timerText(name, times, how), { validate }).onChange(
    daemonReloaded.before(restarted(full)),
  );
  const title = `${name} is run at ${times.join(" and ")}`;
  // The files stand in the list themselves, so that the opposite of all is what takes them back.
  const made = all(title, [serviceFile, timerFile, running(full).requires(timerFile).requires(serviceFile)]);
  return revertable(
    telling(made, { kind: "check", title: `${name} is run in time`, check: { type: "unit", unit: full } }),
    all(`${name} is not run any more`, [noUnit(full), noUnit(service)]),
  );
}
