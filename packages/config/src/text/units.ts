import { fail } from "../errors.ts";

/** A word of a command in a unit: systemd neither splits it nor fills anything in. */
export function word(text: string): string {
  if (/[\u0000-\u001f]/.test(text))
    throw fail(
      "config.bad-argument",
      `${JSON.stringify(text)} cannot be a word of a command: it has control characters`,
    );
  const escaped = text.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[A-Za-z0-9_./:=,@+%$-]+$/.test(text)
    ? escaped
    : `"${escaped.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** A command as a unit has it. Its program has to be an absolute path there, or one that systemd finds. */
export const line = (command: readonly string[]): string => command.map(word).join(" ");

/** A time of systemd's calendar, such as `03:00` or `Mon 04:00`. Throws `config.bad-argument`. */
export function calendar(at: string): string {
  if (!/^[A-Za-z0-9*][A-Za-z0-9 *:,/~.-]*$/.test(at))
    throw fail("config.bad-argument", `${JSON.stringify(at)} is not a time of systemd's calendar`);
  return at;
}

/** A timer that starts the service of the same name, also when the machine was off at the time. */
export const timer = (description: string, at: string, spread: string): string => `[Unit]
Description=${description}
[Timer]
OnCalendar=${calendar(at)}
RandomizedDelaySec=${spread}
Persistent=true
[Install]
WantedBy=timers.target
`;
