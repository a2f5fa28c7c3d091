import type { Reading } from "@slipway/model";

/** A text file as it stands. */
export interface TextSeen {
  /** Undefined when there is no such file. */
  readonly sha256: string | undefined;
  readonly lines: readonly string[];
}

/**
 * The lines of a text file; a path has no colon in it. Two processes for all files together. It is for plans that look for something in a
 * file of which other parts may be secret: they name lines by their number, and never repeat them.
 */
export const text = (path: string): Reading<TextSeen> => ({
  read: ["sh", "-c", 'grep -aH "" -- "$@"; sha256sum -- "$@"', "texts"],
  of: [path],
  reads: [`file:${path}`],
  parse: (stdout) => {
    const all = stdout.split("\n");
    const sum = all.find((line) => /^[0-9a-f]{64} {2}/.test(line) && line.slice(66) === path);
    const start = `${path}:`;
    const lines = all.filter((line) => line.startsWith(start)).map((line) => line.slice(start.length));
    return { sha256: sum?.slice(0, 64), lines: sum === undefined ? [] : lines };
  },
});
