import { mkdir, mkdtemp, readFile, rename, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { changedSince, putStamp, stampHolds } from "../src/platform/stamp.ts";

let folder: string;
const at = (...path: readonly string[]): string => join(folder, ...path);
const asked = ["--strict", "ops.config.ts", "7.0.2"];
const long = new Date("2026-01-01");
const holds = (): boolean => stampHolds(at("stamp"), asked);

// hosts.ts is imported; @team/kit and plain are links, as pnpm makes them.
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-stamp-"));
  for (const one of ["kit-1", "kit-2", "project/lib", "project/node_modules/@team"])
    await mkdir(at(one), { recursive: true });
  for (const kit of ["kit-1", "kit-2"]) {
    await writeFile(at(kit, "package.json"), "{}");
    await writeFile(at(kit, "index.ts"), "export {};");
  }
  await symlink(at("kit-1"), at("project/node_modules/@team/kit"));
  await symlink(at("kit-1"), at("project/node_modules/plain"));
  await writeFile(at("project/ops.config.ts"), 'import "./lib/hosts.ts";');
  await writeFile(at("project/lib/hosts.ts"), "export const size = 1;");
  await utimes(at("project/lib/hosts.ts"), long, long);
  const files = [at("project/ops.config.ts"), at("project/lib/hosts.ts"), at("kit-1/index.ts")];
  await putStamp(at("stamp"), asked, { files, began: Date.now() + 60_000 });
});
afterEach(() => rm(folder, { recursive: true }));

test("what was checked and did not change is not checked again", () => {
  expect(holds()).toBe(true);
});

test("without the stamp it is checked", async () => {
  await rm(at("stamp"));
  expect(holds()).toBe(false);
});

test("other options, and another version of the compiler, check again", () => {
  expect(stampHolds(at("stamp"), ["--strict", "ops.config.ts", "7.0.3"])).toBe(false);
  expect(stampHolds(at("stamp"), ["--strict", "--noUnusedLocals", "ops.config.ts", "7.0.2"])).toBe(false);
});

test.each<[string, () => Promise<unknown>]>([
  ["the file changed", () => writeFile(at("project/ops.config.ts"), "")],
  ["an import is gone", () => rm(at("project/lib/hosts.ts"))],
  ["a file of a package changed", () => writeFile(at("kit-1/index.ts"), "export {}; ")],
  ["a module came that an import may mean", () => writeFile(at("project/lib/hosts.d.ts"), "")],
  ["the package.json of a package changed", () => writeFile(at("kit-1/package.json"), '{"type":"module"}')],
  ["a package.json came above", () => writeFile(at("package.json"), "{}")],
  ["packages came nearer by", () => mkdir(at("project/lib/node_modules"))],
  ["packages came above", () => mkdir(at("node_modules"))],
  ["a package was put in", () => mkdir(at("project/node_modules/other"))],
  ["a package of a scope was put in", () => mkdir(at("project/node_modules/@team/other"))],
])("%s: it is checked again", async (_, change) => {
  await change();
  expect(holds()).toBe(false);
});

test.each(["@team/kit", "plain"])("%s is linked to another version: it is checked again", async (name) => {
  await symlink(at("kit-2"), at("fresh"));
  await rename(at("fresh"), at("project/node_modules", name));
  expect(holds()).toBe(false);
});

test("a link that a package's link leads to leads to another version: it is checked again", async () => {
  await symlink(at("kit-1"), at("current"));
  await symlink(at("current"), at("project/node_modules/chained"));
  await putStamp(at("stamp"), asked, { files: [at("project/ops.config.ts")], began: Date.now() + 60_000 });
  expect(holds()).toBe(true);
  await symlink(at("kit-2"), at("fresh"));
  await rename(at("fresh"), at("current"));
  expect(holds()).toBe(false);
});

test("an import changed that looks as it did by size and time: it is checked again", async () => {
  const file = at("project/lib/hosts.ts");
  await writeFile(file, "export const size = 2;");
  await utimes(file, long, long);
  expect(holds()).toBe(false);
});

test("what is no module may come and go beside the file", async () => {
  await writeFile(at("project/next.plan"), "");
  expect(holds()).toBe(true);
});

test("a stamp of which anything changed is none", async () => {
  const whole = await readFile(at("stamp"));
  await fc.assert(
    fc.asyncProperty(
      fc.nat(whole.length - 1),
      fc.integer({ min: 1, max: 255 }),
      fc.boolean(),
      async (place, by, cut) => {
        const broken = Buffer.from(cut ? whole.subarray(0, place) : whole);
        if (!cut) broken[place] = (broken[place] ?? 0) ^ by;
        await writeFile(at("stamp"), broken);
        expect(holds()).toBe(false);
      },
    ),
  );
});

test("what changed while it was checked, or just before, is checked again", async () => {
  await rm(at("stamp"));
  await putStamp(at("stamp"), asked, { files: [at("project/lib/hosts.ts")], began: Date.now() - 60_000 });
  expect(holds()).toBe(false);
});

test("a compiler that lists no files is asked each time", async () => {
  await rm(at("stamp"));
  await putStamp(at("stamp"), asked, { files: [], began: Date.now() + 60_000 });
  expect(holds()).toBe(false);
});

test("a package that is linked to another version while it is checked: it is checked again", async () => {
  await rm(at("stamp"));
  const files = [at("project/ops.config.ts"), at("kit-1/index.ts")];
  const packages = at("project/node_modules");
  const changed = async (): Promise<number> => (await stat(packages)).ctimeMs;
  // Until a change of the files themselves counts as one meanwhile no more, and the folder has changed after that.
  while (changedSince(files, Date.now())) await setImmediate();
  const began = Date.now();
  do {
    await symlink(at("kit-2"), at("fresh"));
    await rename(at("fresh"), join(packages, "plain"));
  } while ((await changed()) <= began);
  await putStamp(at("stamp"), asked, { files, began });
  expect(holds()).toBe(false);
  const then = await changed();
  while (Date.now() < then) await setImmediate();
  await putStamp(at("stamp"), asked, { files, began: Date.now() });
  expect(holds()).toBe(true);
});

test("nobody else may write a stamp, where files are usually a group's", async () => {
  await rm(at("stamp"));
  const before = process.umask(0o002);
  try {
    await putStamp(at("stamp"), asked, { files: [at("project/ops.config.ts")], began: Date.now() + 60_000 });
  } finally {
    process.umask(before);
  }
  expect((await stat(at("stamp"))).mode & 0o777).toBe(0o600);
});
