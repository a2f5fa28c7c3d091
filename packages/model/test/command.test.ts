import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { commandLine, quote, sh } from "../src/command.ts";

const word = fc.string({ unit: "binary" }).filter((text) => !text.includes("\0") && text.isWellFormed());

test("a POSIX shell reads every quoted word back unchanged", () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (words) => {
      const script = `printf '%s\\0' ${commandLine(words as [string, ...string[]])}`;
      const read = execFileSync("sh", { input: script, encoding: "utf8" }).split("\0").slice(0, -1);
      expect(read).toEqual(words);
    }),
    { numRuns: 60 },
  );
});

test("plain words stay readable", () => {
  expect(quote("apt-get")).toBe("apt-get");
  expect(quote("")).toBe("''");
  expect(quote("it's")).toBe("'it'\\''s'");
});

test("sh quotes every hole, spreads arrays and nests", () => {
  const inner = sh`cat ${"a b"}`;
  expect(sh`${inner} | grep ${["-e", "$HOME"]} > ${"x;y"}; exit ${3}`.text).toBe(
    "cat 'a b' | grep -e '$HOME' > 'x;y'; exit 3",
  );
});
