import { execFileSync } from "node:child_process";
import { formsOf, growingMask, mask } from "@slipway/model";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";

// Brackets could join with those of `[secret]` to something that was never there.
const secret = fc
  .oneof(
    fc.string({ minLength: 4, maxLength: 40 }),
    fc.string({ unit: "grapheme", minLength: 4, maxLength: 20 }),
    fc.string({
      unit: fc.constantFrom("a", "b", "'", '"', "\\", "$", "\n", "é", "/", "+"),
      minLength: 4,
      maxLength: 30,
    }),
  )
  .filter((value) => value.trim().length >= 4 && !/[[\]]/.test(value) && !"[secret]".includes(value.trim()));
const pieces = (text: string, cuts: readonly number[]): readonly string[] => {
  const at = [...new Set([0, ...cuts.map((cut) => cut % (text.length + 1)), text.length])].toSorted((a, b) => a - b);
  return at.slice(1).map((end, index) => text.slice(at[index], end));
};
const through = (chunks: readonly string[], values: readonly string[]): string => {
  const stream = mask(values).stream();
  return chunks.map((chunk) => stream.push(chunk)).join("") + stream.flush();
};

describe("a mask", () => {
  it("leaves no form of any secret, wherever the text is cut", () => {
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 4 }),
        fc.array(fc.tuple(fc.nat(), fc.nat(), fc.string({ maxLength: 12 })), { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (values, places, cuts) => {
          const all = values.flatMap(formsOf);
          const text = places.map(([of, form, around]) => {
            const forms = formsOf(values[of % values.length] ?? "");
            return around.replaceAll(/[[\]]/g, "") + (forms[form % forms.length] ?? "");
          }).join(""); // biome-ignore format: short
          const shown = through(pieces(text, cuts), values);
          expect(shown).toBe(mask(values).text(text));
          const left = shown.split("[secret]");
          for (const form of all) for (const part of left) expect(part).not.toContain(form);
        },
      ),
      { numRuns: 400 },
    );
  });

  it("gives text without secrets back unchanged, and holds back only what may begin one", () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.nat()), (text, cuts) => {
        fc.pre(!text.includes("\u0001"));
        expect(through(pieces(text, cuts), ["\u0001\u0001\u0001\u0001 a secret"])).toBe(text);
      }),
    );
    const stream = mask(["hunter2!"]).stream();
    expect(stream.push("one line\n")).toBe("one line\n");
    expect(stream.push("the hun")).toBe("the ");
    expect(stream.push("ter")).toBe("");
    expect(stream.push("2! is out")).toBe("[secret] is out");
    expect(stream.push("hunt")).toBe("");
    expect(stream.flush()).toBe("hunt");
    expect(stream.push("er2!")).toBe("er2!");
  });

  it("finds base64 within other bytes, whatever stands before", () => {
    const value = "correct-horse-battery?>~";
    for (const before of ["", "u", "us", "user:", "user::"]) {
      for (const encoding of ["base64", "base64url"] as const) {
        const encoded = Buffer.from(`${before}${value}@host`).toString(encoding);
        const shown = mask([value]).text(encoded);
        expect(shown).toMatch(/\[secret\]/);
        // A character at each end may stand for bits of both the secret and what is beside it.
        const left = shown.split("[secret]").map((part) => Buffer.from(part, encoding).toString());
        expect(left.join("").replace("@host", "")).not.toMatch(/[a-z?>~-]{2}(?<!us|se|er)/);
      }
    }
  });

  it("finds what programs make of a value", () => {
    const value = `it's "a" $5 \\ & <tag>\tpass/word+é`;
    const sh = (script: string): string =>
      execFileSync("bash", ["-c", script, "bash"], { input: value, encoding: "utf8" });
    const outputs = [
      sh("base64"),
      sh("base64 -w0"),
      sh("od -An -v -tx1 | tr -d ' \\n'"),
      sh('v=$(cat); printf %q "$v"'),
      sh("v=$(cat); declare -p v"),
      JSON.stringify({ value }),
      JSON.stringify(JSON.stringify({ value })),
      `https://x.y/?q=${encodeURIComponent(value)}&`,
      `a=1&${new URLSearchParams({ value }).toString()}`,
      encodeURI(`https://x.y/${value}`),
    ];
    for (const output of outputs) {
      const shown = mask([value]).text(output);
      expect(shown, output).toContain("[secret]");
      expect(shown, output).not.toMatch(/pass|cGFzc|70617373/);
    }
  });

  it("finds the lines of a key, and leaves its armour and short lines", () => {
    const key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\n  BCIEIKx1\nabcde\n-----END PRIVATE KEY-----\n";
    const shown = mask([key]).text(`> ${key.replaceAll("\n", "\n> ")}`);
    expect(shown).toBe(
      "> -----BEGIN PRIVATE KEY-----\n> [secret]\n>   [secret]\n> abcde\n> -----END PRIVATE KEY-----\n> ",
    );
    expect(mask([key]).text(`got: ${key.replaceAll("\n", "\r\n")}`)).toBe("got: [secret]\r\n");
    expect(mask([key]).text(`got: ${key}`)).toBe("got: [secret]");
    expect(mask([key]).text(`got: ${key.trim()}!`)).toBe("got: [secret]!");
  });

  it("takes the longest, joins what overlaps, and leaves what is too short", () => {
    expect(mask(["hunter2", "hunter2!!"]).text("hunter2!! hunter2")).toBe("[secret] [secret]");
    expect(mask(["abcdef", "defghi"]).text("xabcdefghix")).toBe("x[secret]x");
    expect(mask(["abcd", "bcde", "wxyz"]).text("abcdwxyz")).toBe("[secret][secret]");
    expect(mask(["abc", "", "\n"]).text("abc \n")).toBe("abc \n");
    expect(formsOf("abc")).toEqual([]);
    expect(mask([]).text("anything")).toBe("anything");
  });

  it("grows", () => {
    const growing = growingMask();
    expect(growing.text("hunter2")).toBe("hunter2");
    growing.add("hunter2");
    expect(growing.text("hunter2 swordfish")).toBe("[secret] swordfish");
    growing.add("swordfish");
    expect(growing.text("hunter2 swordfish")).toBe("[secret] [secret]");
  });
});

test("a value of a megabyte, such as an older vault may hold, is found by its lines and its beginning", () => {
  const value = Array.from({ length: 20_000 }, (_, line) => `line ${line} of what nobody may see\n`).join("");
  const search = mask([value]);
  expect(search.text(value.slice(0, 65_536))).toMatch(/^(\[secret\])+$/);
  expect(search.text("> line 19999 of what nobody may see <")).toBe("> [secret] <");
});

test("a mask takes one pass: neither many secrets nor a text made to be slow slow it down", () => {
  const many = Array.from({ length: 300 }, (_, index) => `${"a".repeat(60)}${index}`);
  const search = mask(many);
  const took = (length: number): number => {
    const text = "a".repeat(length);
    const from = performance.now();
    expect(search.text(text)).toBe(text);
    return performance.now() - from;
  };
  took(50_000);
  // Ten times the text may not take a hundred times as long; the bound is wide for busy machines.
  expect(took(1_000_000)).toBeLessThan(40 * Math.max(took(100_000), 5));
});
