import { execFileSync, spawnSync } from "node:child_process";
import { loginLine, marked } from "@slipway/connection/command-line";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const here = (shell: string): boolean => spawnSync(shell, ["-c", "true"]).status === 0;

/** Everything but NUL and lone surrogates, with what shells read more often than chance would give. */
const word = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      "'",
      '"',
      "\\",
      "$",
      "`",
      "!",
      "\n",
      " ",
      "*",
      "~",
      "%",
      "^",
      "(",
      "{",
      "#",
      "=",
      "-",
      ";",
      "&",
      "é",
    ),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }).filter((char) => !char.includes("\0")),
  ),
  maxLength: 20,
});

describe.each(["sh", "bash", "fish", "zsh"])("a line for %s", (shell) => {
  it.skipIf(!here(shell))("carries any argument", () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 4 }), (words) => {
        const { argv, mark } = marked(["printf", "%s\\0", ...words]);
        const output = execFileSync(shell, ["-c", loginLine(argv)], { stdio: ["ignore", "pipe", "ignore"] }).toString();
        const [first, ...rest] = output.split("\n");
        expect(first?.startsWith(mark)).toBe(true);
        const expected = words.length === 0 ? "\0" : words.map((each) => `${each}\0`).join("");
        expect(rest.join("\n")).toBe(expected);
      }),
      { numRuns: shell === "fish" ? 60 : 200 },
    );
  });
});
