import { existsSync, readdirSync } from "node:fs";

// One file per area in this folder; `pnpm bench <area>` runs it.
const area = process.argv[2];
const areas = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith(".bench.ts"))
  .map((name) => name.slice(0, -".bench.ts".length));
const file = new URL(`./${area}.bench.ts`, import.meta.url);

if (area === undefined || !existsSync(file)) {
  process.stderr.write(`Usage: pnpm bench <area>   areas: ${areas.join(", ") || "none yet"}\n`);
  process.exitCode = 2;
} else {
  await import(file.href);
}
