import { existsSync, readdirSync } from "node:fs";

// One file per trial in this folder, named by its area and its claim; `pnpm trial <name> [count]` runs it.
const name = process.argv[2];
const trials = readdirSync(import.meta.dirname)
  .filter((file) => /^[a-z]+-[a-z-]+\.ts$/.test(file))
  .map((file) => file.slice(0, -".ts".length));
const file = new URL(`./${name}.ts`, import.meta.url);

if (name === undefined || !trials.includes(name) || !existsSync(file)) {
  process.stderr.write(`Usage: pnpm trial <name> [count]   trials: ${trials.join(", ")}\n`);
  process.exitCode = 2;
} else {
  await import(file.href);
}
