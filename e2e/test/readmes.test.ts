import { execFile } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

/** The blocks marked `ts run` of a package's README: programs that end well, and print what their `// →` comments say. */
async function examplesOf(readme: string) {
  const blocks = [...(await readFile(join(root, readme), "utf8")).matchAll(/```ts run\n(.*?)```/gs)];
  return blocks.map(([, code = ""], index) => ({ readme, index, code }));
}

// Those of monitor and provision watch and make machines; they have tests of their own.
const packages = ["ci", "config", "connection", "deploy", "journal", "model", "trust"];
const readmes = packages.map((name) => `packages/${name}/README.md`);
const examples = (await Promise.all(readmes.map(examplesOf))).flat();

test.each(examples)("example $index of $readme runs", { timeout: 60_000 }, async ({ readme, index, code }) => {
  // In the package's own folder, so that it imports what the package may import.
  const path = join(root, dirname(readme), "test", `.readme-${index}.ts`);
  await writeFile(path, code);
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=source", path]);
    const promised = [...code.matchAll(/\/\/ → (.*)/g)].map(([, line]) => line);
    expect(stdout.trimEnd().split("\n")).toEqual(promised);
  } finally {
    await rm(path);
  }
});

test("each of them has an example", () => {
  expect([...new Set(examples.map(({ readme }) => readme))]).toEqual(readmes);
});
