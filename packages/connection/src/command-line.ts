import { randomBytes } from "node:crypto";
import type { Command } from "@slipway/model";
import { fail } from "./errors.ts";

/** Linux takes no single argument above 128 KiB, and sshd hands the whole line over as one. */
const maxLineBytes = 120 * 1024;

/**
 * One word that POSIX shells, zsh and fish all read back unchanged. Inside single quotes fish reads a backslash and POSIX does not,
 * so neither quote nor backslash ever stands there.
 */
export const portableQuote = (word: string): string =>
  /^[A-Za-z0-9_./:-]+$/.test(word)
    ? word
    : `'${word.replaceAll(/['\\]/g, (char) => (char === "'" ? `'"'"'` : `'"\\\\"'`))}'`;

/** Says where the command's own output begins and which process it is, then becomes the command. */
const prologue = `echo "$1$$"; echo "$1$$" >&2; shift; exec "$@"`;

/**
 * Runs a command through `sh` with a mark at the start of both outputs, so that whatever a login shell printed before is told apart.
 * The line after the mark's text is the process id on the host.
 */
export function marked(command: Command, sudo = false): { readonly argv: Command; readonly mark: string } {
  const mark = `slipway-${randomBytes(9).toString("hex")}:`;
  const shell = ["sh", "-c", prologue, "sh", mark, ...command] as const;
  return { argv: sudo ? ["sudo", "-n", "--", ...shell] : shell, mark };
}

/** The line for a login shell of any kind. Throws `connection.argument` for what no argument can carry, wherever the command would run. */
export function loginLine(argv: Command): string {
  for (const word of argv) {
    if (word.includes("\0")) throw fail("connection.argument", `an argument of ${argv[0]} contains a NUL byte`);
  }
  const line = `exec ${argv.map(portableQuote).join(" ")}`;
  if (Buffer.byteLength(line) > maxLineBytes) {
    throw fail("connection.argument", `the command line of ${argv[0]} is longer than ${maxLineBytes} bytes`);
  }
  return line;
}

/** Ends the process group of a process id: asks with TERM, insists with KILL after two seconds. */
export const killScript = `
s=$(cat "/proc/$1/stat" 2>/dev/null) || exit 0
set -- \${s##*) }
g=$3
kill -TERM "-$g" 2>/dev/null || exit 0
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  kill -0 "-$g" 2>/dev/null || exit 0
  sleep 0.1
done
kill -KILL "-$g" 2>/dev/null
exit 0`;
