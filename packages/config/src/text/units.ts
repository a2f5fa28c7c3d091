import { fail } from "../errors.ts";

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
