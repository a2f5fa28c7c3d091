import { growingMask, SlipwayError } from "@slipway/model";
import { afterEach, expect, test, vi } from "vitest";
import { createOutput, jsonLine, presentError } from "../src/cli/output.ts";
import { printable } from "../src/cli/printable.ts";

const value = 'hunter2"hunter2';
const mask = growingMask();
mask.add(value);

function written(): { readonly out: string; readonly err: string } {
  const texts = [process.stdout, process.stderr].map((stream) => {
    const { calls } = vi.mocked(stream.write).mock;
    return calls.map(([chunk]) => String(chunk)).join("");
  });
  return { out: texts[0] ?? "", err: texts[1] ?? "" };
}
const listen = (): void => {
  for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, "write").mockReturnValue(true);
};
afterEach(() => void vi.restoreAllMocks());

test("nothing that was revealed is written, in no form, but where it was asked for", () => {
  listen();
  for (const json of [false, true]) {
    const out = createOutput({ json, quiet: false });
    out.hide(mask);
    out.say(`say ${value}`);
    out.heading(`heading ${value}`);
    for (const kind of ["ok", "changed", "bad", "note"] as const) out.mark(kind, `mark ${encodeURIComponent(value)}`);
    out.result(`result ${Buffer.from(value).toString("base64")}`, {
      a: [{ b: value }, 7, null],
      c: JSON.stringify({ value }),
    });
    const error = new SlipwayError({ code: "x.y", message: `failed with ${value}`, hint: `not ${value}` });
    presentError(error, { json, quiet: false }, out.hidden);
  }
  const { out, err } = written();
  expect(out + err).not.toMatch(/hunter2|aHVudGVyM|%22/);
  expect(err.match(/\[secret\]/g)).toHaveLength(2 * 8);
  const lines = out.split("\n").filter((line) => line.startsWith("{"));
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { a: [{ b: "[secret]" }, 7, null], c: '{"value":"[secret]"}' },
    { ok: false, error: { code: "x.y", message: "failed with [secret]", hint: "not [secret]" } },
  ]);
  vi.mocked(process.stdout.write).mockClear();
  const shown = createOutput({ json: false, quiet: false });
  shown.hide(mask);
  shown.reveal(value, {});
  expect(written().out).toBe(`${value}\n`);
});

test("data stays what it is where nothing is hidden", () => {
  const data = { text: "a", list: [1, true, null, { at: new Date(0) }], none: undefined };
  expect(jsonLine(data, (text) => text)).toBe(`${JSON.stringify(data)}\n`);
});

test("what a host says does nothing to the terminal but colour it", () => {
  expect(printable("a\tb\n\u001b[1;31mred\u001b[0m\r\n")).toBe("a\tb\n\u001b[1;31mred\u001b[0m\n");
  expect(printable("\u001b]0;title\u0007\u001b[2Jx\ry\u007f\u009b6n")).toBe("^[]0;title^G^[[2Jx^My^?\\x9b6n");
  listen();
  const out = createOutput({ json: false, quiet: false });
  out.mark("bad", "\u001b[6n");
  out.result("\u001b[6n", {});
  presentError(new SlipwayError({ code: "x.y", message: "\u001b[6n", hint: "\u001b[6n" }), {
    json: false,
    quiet: false,
  });
  const said = written();
  expect(`${said.out}${said.err}`).not.toContain("\u001b[6n");
  expect(`${said.out}${said.err}`.match(/\^\[\[6n/g)).toHaveLength(4);
});
