import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

// What a pipeline file can import while it is evaluated, as the text of one module each. The CI carries these texts inside its
// own program, so that it needs neither its sources nor a package registry where it runs.
// Run: node --conditions=source packages/ci/scripts/definitions.ts

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

/** The texts, made from the sources as they are now. */
export const definitions = async (): Promise<{ readonly ciModule: string; readonly modelModule: string }> => ({
  ciModule: await bundled(here("../src/definitions/index.ts")),
  modelModule: await bundled(here("model.ts")),
});

if (import.meta.main) {
  const { ciModule, modelModule } = await definitions();
  const lines = [
    "// Made by scripts/definitions.ts; `pnpm --filter @slipway/ci definitions` makes it again.",
    "// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these strings are programs",
    "/** `@slipway/ci` as a pipeline file sees it. */",
    `export const ciModule =\n  ${JSON.stringify(ciModule)};`,
    "/** `@slipway/model` as a pipeline file sees it. */",
    `export const modelModule =\n  ${JSON.stringify(modelModule)};`,
    "",
  ];
  await writeFile(here("../src/definitions/text.ts"), lines.join("\n"));
}
