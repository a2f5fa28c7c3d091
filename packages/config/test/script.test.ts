import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { diffLines } from "../src/diff.ts";
import { overlaps, redact } from "../src/engine/evaluate.ts";
import { lockScript } from "../src/engine/lock-script.ts";
import { batches, message, prologue } from "../src/engine/script.ts";

const parse = (): number => 0;

test("readings with the same command become one with all subjects, each once", () => {
  const all = batches([
    { read: ["dpkg-query", "-W"], of: ["git"], parse },
    { read: ["locale", "-a"], parse },
    { read: ["dpkg-query", "-W"], of: ["git", "curl"], parse },
    { read: ["locale", "-a"], parse },
  ]);
  expect(all.map((batch) => batch.command)).toEqual([
    ["dpkg-query", "-W", "git", "curl"],
    ["locale", "-a"],
  ]);
  expect(all.map((batch) => batch.readings.length)).toEqual([2, 1]);
});

test("a host without flock says so, instead of seeming locked", () => {
  const body = lockScript({ folder: "/nowhere", run: "r", holder: "ada", waitSeconds: 0 });
  const { status, stderr } = spawnSync("/bin/sh", {
    input: body,
    env: { PATH: "/nowhere" },
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 72, stderr: "there is no program flock\n" });
});

test("a session counts as idle from the end of its work, however long that takes", () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-idle-"));
  const body = lockScript({ folder, run: "r", holder: "ada", waitSeconds: 0 });
  const beat = `read -r b <"$S/beat"; read -r u _ </proc/uptime; echo "left $((b - \${u%.*}))" >&2`;
  try {
    const { stderr } = spawnSync("sh", {
      input: `${prologue("n")}\n${message(body)}${beat}\n${message(beat)}${beat}\n`,
      encoding: "utf8",
    });
    const left = [...stderr.matchAll(/left (-?\d+)/g)].map(([, seconds]) => Math.round(Number(seconds) / 100));
    expect(left.map(Math.abs), stderr).toEqual([0, 6, 0]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a message cut short by a broken connection does nothing", () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-cut-"));
  const trace = join(folder, "trace");
  const text = message(`echo one >${trace}\nif true; then\necho two >>${trace}\nfi`);
  try {
    fc.assert(
      fc.property(fc.nat(text.lastIndexOf("}")), (length) => {
        try {
          execFileSync("sh", {
            input: `${prologue("n")}\n${text.slice(0, length)}`,
            stdio: ["pipe", "ignore", "ignore"],
          });
        } catch {
          // A syntax error is what stops it.
        }
        expect(existsSync(trace)).toBe(false);
      }),
      { numRuns: 60 },
    );
    execFileSync("sh", { input: `${prologue("n")}\n${text}`, stdio: ["pipe", "ignore", "ignore"] });
    expect(existsSync(trace)).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("what a change touches", () => {
  expect(overlaps(["file:/etc/a"], ["file:/etc/a"])).toBe(true);
  expect(overlaps(["file:/etc/a"], ["file:/etc/b"])).toBe(false);
  expect(overlaps(["file:/home/x/.ssh"], ["file:/home/x*"])).toBe(true);
  expect(overlaps(["group:*"], ["group:git"])).toBe(true);
  expect(overlaps(undefined, ["anything"])).toBe(true);
  expect(overlaps([], ["*"])).toBe(false);
});

test("secrets are taken out whole, by line and as base64", () => {
  const revealed = new Map([["key", "first line\nsecond line\n"]]);
  const encoded = Buffer.from("first line\nsecond line\n").toString("base64");
  expect(redact(`a first line b\nsecond line\n${encoded}`, revealed)).toBe("a [secret] b\n[secret]\n[secret]");
});

test("a diff shows what changes with a line around it", () => {
  expect(diffLines("a\nb\nc\nd\n", "a\nb\nx\nd\n")).toBe("  b\n- c\n+ x\n  d");
  expect(diffLines("same\n", "same\n")).toBe("");
});

test("lines are searched with one mask, however many there are", () => {
  let made = 0;
  class Counted extends Map<string, string> {
    override values() {
      made += 1;
      return super.values();
    }
  }
  const revealed = new Counted([["token", "hunter2!"]]);
  for (let line = 0; line < 3; line += 1) expect(redact(`${line} hunter2!`, revealed)).toBe(`${line} [secret]`);
  expect(made).toBe(1);
});
