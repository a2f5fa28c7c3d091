import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const home = join(import.meta.dirname, "..");

test("the examples of the README run", async () => {
  const readme = await readFile(join(home, "README.md"), "utf8");
  const examples = [...readme.matchAll(/```ts run\n(.*?)```/gs)].map((match) => match[1] ?? "");
  expect(examples).toHaveLength(5);
  // Inside the package, so that it finds the package by its own name.
  const folder = await mkdtemp(join(home, "test", ".readme-"));
  try {
    const said: string[] = [];
    for (const [at, text] of examples.entries()) {
      const file = join(folder, `${at}.ts`);
      await writeFile(file, text);
      said.push((await run(process.execPath, ["--conditions=source", file])).stdout);
    }
    expect(said[0]).toMatch(/\+ create {3}machine web.*web ready\n10\.[\d.]+ 0\n$/s);
    expect(said[1]).toMatch(/s-1vcpu-1gb.* 0\n$/s);
    expect(said[2]).toContain("+€4.49 a month");
    expect(said[3]).toContain("s-1vcpu-512mb-10gb");
  } finally {
    await rm(folder, { recursive: true });
  }
});
