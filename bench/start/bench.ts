import { execFileSync } from "node:child_process";
import { join } from "node:path";

// How long a command takes to begin, against the shortest that Node can take.
const root = join(import.meta.dirname, "../..");
const rounds = 9;

/** Median wall time in ms. */
function median(program: string, args: readonly string[]): number {
  const times = Array.from({ length: rounds }, () => {
    const from = performance.now();
    execFileSync(program, args, { cwd: root, stdio: "ignore" });
    return performance.now() - from;
  }).toSorted((a, b) => a - b);
  return times[Math.floor(rounds / 2)] ?? 0;
}

const floor = median(process.execPath, ["-e", "0"]);
const rows: readonly (readonly [string, string, readonly string[]])[] = [
  ["node -e 0 (the floor)", process.execPath, ["-e", "0"]],
  ["ops --help", process.execPath, ["--conditions=source", "apps/console/src/cli/main.ts", "--help"]],
  ["pnpm ops --help", "pnpm", ["ops", "--help"]],
  ["./ops --help, nothing to prepare", "./ops", ["--help"]],
];
for (const [name, program, args] of rows) {
  const ms = median(program, args);
  process.stdout.write(`${name.padEnd(34)} ${ms.toFixed(0).padStart(6)} ms  ${(ms / floor).toFixed(1)} x\n`);
}
