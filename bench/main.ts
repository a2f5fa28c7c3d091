import { existsSync, readdirSync } from "node:fs";

// One folder per area; `pnpm bench <area>` runs its bench.ts.
const area = process.argv[2];
const areas = readdirSync(import.meta.dirname).filter((name) =>
  existsSync(new URL(`./${name}/bench.ts`, import.meta.url)),
);

if (area === undefined || !areas.includes(area)) {
  process.stderr.write(`Usage: pnpm bench <area>   areas: ${areas.join(", ")}\n`);
  process.exitCode = 2;
} else {
  await import(new URL(`./${area}/bench.ts`, import.meta.url).href);
}
