import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listedFiles, typecheckConfig } from "../src/platform/typecheck.ts";

// A compiler that says when it runs: it lists the files that it is given and what they import, and finds `wrong` wrong.
const compiler = `
const { appendFileSync, readFileSync } = require("node:fs");
const { dirname, relative, resolve } = require("node:path");
appendFileSync(__dirname + "/../runs", "x");
let failed = false;
const { version } = require("../package.json");
if (version < "6" && process.argv.includes("--ignoreConfig")) { console.log("error TS5023: Unknown compiler option."); process.exit(1); }
const walk = (file) => {
  const text = readFileSync(file, "utf8");
  if (text.includes("wrong")) { failed = true; console.log(relative(".", file) + "(1,1): error TS1: it is wrong"); }
  for (const [, name] of text.matchAll(/import "(.*?)"/g)) walk(resolve(dirname(file), name));
  console.log(file);
};
walk(process.argv.at(-1));
process.exitCode = failed ? 2 : 0;
`;
let folder: string;
let config: string;
const install = (version: string): Promise<void> =>
  writeFile(join(folder, "node_modules/typescript/package.json"), JSON.stringify({ name: "typescript", version }));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-check-"));
  config = join(folder, "ops.config.ts");
  await mkdir(join(folder, "node_modules/typescript/bin"), { recursive: true });
  await writeFile(join(folder, "node_modules/typescript/bin/tsc"), compiler);
  await install("7.0.2");
  await writeFile(config, 'import "./hosts.ts";');
  await writeFile(join(folder, "hosts.ts"), "");
});
afterEach(() => rm(folder, { recursive: true }));

const check = (): Promise<void> => typecheckConfig(config, join(folder, "cache"));
const runs = async (): Promise<number> => (await readFile(join(folder, "node_modules/typescript/runs"))).length;
const kept = (): Promise<boolean> =>
  stat(join(folder, "cache/config.checked")).then(
    () => true,
    () => false,
  );
/** Files as young as these may have changed unseen, so the first check may not count. */
const settle = async (): Promise<number> => {
  do await check();
  while (!(await kept()));
  await check();
  return runs();
};

test("a file that did not change is checked once", async () => {
  const before = await settle();
  await check();
  expect(await runs()).toBe(before);
});

test("an import that became wrong is told, each time, until it is mended", async () => {
  await settle();
  await writeFile(join(folder, "hosts.ts"), "wrong");
  for (let time = 0; time < 2; time += 1)
    await expect(check()).rejects.toMatchObject({
      code: "ops.config-type-error",
      message: "hosts.ts:1:1 it is wrong (TS1)",
    });
  await writeFile(join(folder, "hosts.ts"), "");
  await check();
});

test("a check that failed is never kept", async () => {
  await writeFile(join(folder, "hosts.ts"), "wrong");
  for (let time = 0; time < 3; time += 1) await expect(check()).rejects.toThrow("it is wrong");
  expect(await kept()).toBe(false);
});

test("another version of the compiler checks again", async () => {
  const before = await settle();
  await install("7.1.0");
  await check();
  expect(await runs()).toBe(before + 1);
});

test("a compiler of before TypeScript 6 is asked for nothing that it does not know", async () => {
  await install("5.9.3");
  await expect(check()).resolves.toBeUndefined();
  expect(await runs()).toBe(1);
});

test("files are told from diagnostics and what explains them", () => {
  expect(listedFiles("ops.config.ts(1,1): error TS1: b\n  /not/this.ts\n/a/lib.d.ts\n/a/my file.ts\r\n")).toEqual([
    "/a/lib.d.ts",
    "/a/my file.ts",
  ]);
});
