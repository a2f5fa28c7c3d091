import { execFile } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isOwn, standIn } from "../src/bundle/open.ts";
import { compiledFolder } from "../src/cli/compile-cache.ts";

// Inside the checkout, so that the workspace's packages are found as in a user's project.
const root = join(import.meta.dirname, "../../..");
const main = join(root, "apps/console/src/cli/main.ts");
const program = promisify(execFile);
let folder: string;
let bundle: string;
let stamp: string;
beforeAll(async () => {
  await mkdir(join(root, ".slipway/test"), { recursive: true });
  folder = await mkdtemp(join(root, ".slipway/test/bundle-"));
  // By the package's front door, by another and by a file within: all of them must meet what is in the bundle.
  await writeFile(
    join(folder, "ops.config.ts"),
    `import { ops } from "@slipway/console";
import { debian, host } from "@slipway/model";
import { SlipwayError } from "@slipway/model/errors";
import { fail } from "@slipway/provision/errors";
import { droplet } from "@slipway/provision/digitalocean";
const failed = fail("name.invalid", "no");
if (!(failed instanceof SlipwayError)) throw new Error("there are two of it");
console.log(failed.stack?.includes(".cjs") === true ? "one file" : "modules");
const on = droplet({ cloud: "local", region: "lon1", size: "s-1vcpu-1gb" });
export default ops(["prod", "staging"], () => ({ name: "t", hosts: [host("a", { on, os: debian("12"), has: [] })] }));
`,
  );
});
afterAll(() => rm(folder, { recursive: true }));

const cache = (): string => join(folder, "cache");
const environments = async (more: NodeJS.ProcessEnv = {}): Promise<string> => {
  const { SLIPWAY_DEBUG: _, ...env } = process.env;
  const { stdout } = await program(process.execPath, ["--conditions=source", main, "env", "list"], {
    cwd: folder,
    env: { ...env, INIT_CWD: folder, NODE_COMPILE_CACHE: cache(), ...more },
  });
  return stdout;
};
const made = async (): Promise<bigint> => (await stat(bundle, { bigint: true })).ino;

test("the program is one file, and its modules are those that ops.config.ts imports", {
  timeout: 120_000,
}, async () => {
  expect(await environments()).toMatch(/one file[\s\S]*staging/);
  const names = await readdir(join(cache(), "ops"));
  expect(names).toEqual([expect.stringMatching(/^[0-9a-f]{16}\.cjs$/), expect.stringMatching(/^[0-9a-f]{16}\.stamp$/)]);
  [bundle = "", stamp = ""] = names.map((name) => join(cache(), "ops", name));
  expect(await readFile(bundle, "utf8")).toContain("staging");
});

test("it is made once", { timeout: 120_000 }, async () => {
  const before = await made();
  expect(await environments()).toMatch(/one file[\s\S]*staging/);
  expect(await made()).toBe(before);
});

test("its folder may be named from where it is called, as `pnpm ops` does", { timeout: 120_000 }, async () => {
  const before = await made();
  expect(await environments({ NODE_COMPILE_CACHE: "cache" })).toMatch(/one file[\s\S]*staging/);
  expect(await made()).toBe(before);
});

test("what nobody named is kept in the user's own folder, never where it is called", () => {
  const own = "/home/ann/.cache/slipway/compiled";
  expect(compiledFolder({}, "/home/ann")).toBe(own);
  expect(compiledFolder({ NODE_COMPILE_CACHE: "", XDG_CACHE_HOME: "" }, "/home/ann")).toBe(own);
  expect(compiledFolder({ XDG_CACHE_HOME: "caches" }, "/home/ann")).toBe(own);
  expect(compiledFolder({ XDG_CACHE_HOME: "/caches" }, "/home/ann")).toBe("/caches/slipway/compiled");
});

test.each<[string, () => Promise<unknown>]>([
  ["its stamp is gone", () => rm(stamp)],
  ["its stamp is damaged", () => writeFile(stamp, "{}")],
  ["it is damaged", () => writeFile(bundle, "exports.modules = {};")],
  ["it is gone", () => rm(bundle)],
])("when %s it is made anew", { timeout: 120_000 }, async (_, harm) => {
  await harm();
  expect(await environments()).toMatch(/one file[\s\S]*staging/);
  expect(await readFile(bundle, "utf8")).toContain("staging");
  expect(await readFile(stamp, "utf8")).toContain(bundle);
});

test("where it cannot be kept, and for stack traces, the modules run themselves", { timeout: 120_000 }, async () => {
  await writeFile(join(folder, "no-folder"), "");
  expect(await environments({ NODE_COMPILE_CACHE: join(folder, "no-folder") })).toMatch(/modules[\s\S]*staging/);
  await writeFile(bundle, "throw new Error('it ran');");
  expect(await environments({ SLIPWAY_DEBUG: "1" })).toMatch(/modules[\s\S]*staging/);
  expect(await readFile(bundle, "utf8")).toContain("it ran");
});

test("a module that stands for another exports the same, whatever its names", () => {
  const text = standIn("/cache/ops.cjs", ["__esModule", "default", "in", "all"]);
  expect(text).toContain('"/cache/ops.cjs"');
  expect(text.split("\n").slice(2)).toEqual([
    'const _0 = _["default"]; export { _0 as default };',
    'const _1 = _["in"]; export { _1 as in };',
    'const _2 = _["all"]; export { _2 as all };',
  ]);
});

test("what somebody else may have written is not this user's own", async () => {
  const path = join(folder, "own");
  expect(isOwn(path)).toBe(false);
  await writeFile(path, "", { mode: 0o600 });
  expect(isOwn(path)).toBe(true);
  for (const mode of [0o620, 0o602]) {
    await chmod(path, mode);
    expect(isOwn(path)).toBe(false);
  }
  await chmod(path, 0o600);
  if (process.geteuid?.() !== 0) return;
  await chown(path, 12_345, 0);
  expect(isOwn(path)).toBe(false);
});
