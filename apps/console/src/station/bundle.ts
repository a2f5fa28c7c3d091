import { createHash } from "node:crypto";
import { join } from "node:path";

const entry = join(import.meta.dirname, "main.ts");

/** CommonJS packages inside an ES module bundle expect these. */
const banner = [
  "import { createRequire as slipwayRequire } from 'node:module';",
  "import { fileURLToPath as slipwayPath } from 'node:url';",
  "import { dirname as slipwayFolder } from 'node:path';",
  "const require = slipwayRequire(import.meta.url);",
  "const __filename = slipwayPath(import.meta.url);",
  "const __dirname = slipwayFolder(__filename);",
].join(" ");

export interface Bundle {
  readonly code: Uint8Array;
  readonly sha256: string;
}

/** The stations' program as one file: everything it imports is inside. The same sources give the same bytes. */
export async function bundleStation(): Promise<Bundle> {
  const { build } = await import("esbuild");
  const made = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "node22.18",
    conditions: ["source"],
    // Optional native parts of ssh2, which does without them.
    external: ["cpu-features", "*.node"],
    banner: { js: banner },
    minify: true,
    legalComments: "none",
    logLevel: "silent",
  });
  const code = made.outputFiles[0]?.contents ?? new Uint8Array();
  return { code, sha256: createHash("sha256").update(code).digest("hex") };
}
