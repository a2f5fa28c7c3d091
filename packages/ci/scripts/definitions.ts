import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

// What a pipeline file can import while it is evaluated, as the text of one module each. The CI carries these texts inside its
// own program, so that it needs neither its sources nor a package registry where it runs.
// Run: node --conditions=source packages/ci/scripts/definitions.ts [--check]

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const bundled = async (entry: string): Promise<string> => {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    platform: "neutral",
    target: "node22",
    minifyWhitespace: true,
    conditions: ["source"],
    mainFields: ["module", "main"],
    legalComments: "none",
  });
  return result.outputFiles[0]?.text ?? "";
};

/** The generated module's text. */
export const definitionsText = async (): Promise<string> => {
  const ci = await bundled(here("../src/definitions/index.ts"));
  const model = await bundled(here("model.ts"));
  return [
    "// Made by scripts/definitions.ts; `pnpm --filter @slipway/ci definitions` makes it again.",
    "/** `@slipway/ci` as a pipeline file sees it. */",
    `export const ciModule =\n  ${JSON.stringify(ci)};`,
    "/** `@slipway/model` as a pipeline file sees it. */",
    `export const modelModule =\n  ${JSON.stringify(model)};`,
    "",
  ].join("\n");
};

if (import.meta.main) {
  const target = here("../src/definitions/text.ts");
  const text = await definitionsText();
  if (!process.argv.includes("--check")) await writeFile(target, text);
  else if ((await readFile(target, "utf8")) !== text) {
    console.error("src/definitions/text.ts is old: run pnpm --filter @slipway/ci definitions");
    process.exitCode = 1;
  }
}
