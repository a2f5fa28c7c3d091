import { execFileSync } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The blocks marked `ts run`: programs that end well, and print what their `// →` comments say. */
const blocks = [...(await readFile(at("../README.md"), "utf8")).matchAll(/```ts run\n(.*?)```/gs)].map(
  ([, code]) => code ?? "",
);

it.each(blocks.map((code, index) => ({ code, index })))(
  "example $index of the README runs",
  async ({ code, index }) => {
    const path = at(`.readme-${index}.ts`);
    await writeFile(path, code);
    try {
      const output = execFileSync(process.execPath, ["--conditions=source", path], { encoding: "utf8" });
      const promised = [...code.matchAll(/\/\/ → (.*)/g)].map(([, line]) => line);
      expect(output.trimEnd().split("\n")).toEqual(promised);
    } finally {
      await rm(path);
    }
  },
);

it("has examples", () => {
  expect(blocks).not.toEqual([]);
});
