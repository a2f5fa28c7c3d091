import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { generateSshKey } from "@slipway/provision";
import { timeCommand } from "./command.ts";
import { large } from "./large.ts";
import { ours } from "./ours.ts";
import { floor, libcloud } from "./peers.ts";
import { type Measured, type Patient, rows, verdicts } from "./table.ts";

// From a plan to machines that are ready, for 1, 5 and 10 of them, beside Libcloud and bare containers; and what a plan costs.
const { values, positionals } = parseArgs({
  args: process.argv.slice(3),
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    machines: { type: "string" },
    rounds: { type: "string" },
    "no-peer": { type: "boolean", default: false },
    "no-command": { type: "boolean", default: false },
  },
});
if (positionals.length > 0) throw new Error(`not understood: ${positionals.join(" ")}`);
const counts = (values.machines ?? (values.quick ? "1,5" : "1,5,10")).split(",").map(Number);
/** How long a cloud's machine takes to boot, as DigitalOcean's do: the local cloud's boot faster than any, and all on this machine's processors. */
const bootMs = 20_000;
const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));

const stop = new AbortController();
const { signal } = stop;
for (const name of ["SIGINT", "SIGTERM"] as const)
  process.once(name, () => {
    process.exitCode = 130;
    stop.abort(new Error(`ended by ${name}`));
  });
const say = (what: string): boolean => process.stderr.write(`${what}\n`);
const load = (): string =>
  loadavg()
    .map((value) => value.toFixed(1))
    .join(" ");
const hasLibcloud = (): boolean => {
  try {
    execFileSync("/usr/bin/python3", ["-c", "import libcloud"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};

const peer = !values["no-peer"];
if (peer && !hasLibcloud()) {
  say("Libcloud is not here. On Debian: apt-get install --no-install-recommends python3-libcloud; or say --no-peer");
  process.exitCode = 2;
} else {
  const before = load();
  const folder = await mkdtemp(join(tmpdir(), "slipway-bench-"));
  try {
    const operator = generateSshKey("operator");
    const keyFile = join(folder, "id");
    await writeFile(keyFile, operator.privateKey, { mode: 0o600 });
    await writeFile(`${keyFile}.pub`, `${operator.publicKey}\n`);
    const name = (what: string, machines: number, round: number): string =>
      `bench-${what}-${machines}-${round}-${process.pid}`;
    const measured: Measured[] = [];
    for (const machines of counts) {
      const all: Measured = { machines, floor: [], ours: [], oneByOne: [], parallel: [] };
      for (let round = 1; round <= rounds; round += 1) {
        say(`${machines} machines, ${round}/${rounds}, load ${load()}`);
        const contenders = [
          async () => void all.floor.push(await floor(name("floor", machines, round), machines, signal)),
          async () => void all.ours.push(await ours(name("ours", machines, round), machines, operator)),
          ...(peer
            ? (["one by one", "parallel"] as const).map((manner) => async () => {
                // One by one takes as many times as long, always the same.
                if (manner === "one by one" && round > 2) return;
                const took = await libcloud(name(manner.slice(0, 3), machines, round), machines, manner, {
                  keyFile,
                  signal,
                });
                (manner === "parallel" ? all.parallel : all.oneByOne).push(took);
              })
            : []),
        ];
        for (const contender of round % 2 === 1 ? contenders : contenders.toReversed()) {
          signal.throwIfAborted();
          await contender();
        }
      }
      measured.push(all);
    }
    const patient: Patient[] = [];
    for (const machines of counts.filter((count) => count === 1 || count === 10)) {
      signal.throwIfAborted();
      say(`${machines} machines that boot for ${bootMs / 1_000} s, load ${load()}`);
      patient.push({
        machines,
        ours: (await ours(name("late", machines, 1), machines, operator, bootMs)).reached.ready.ms,
        parallel: peer
          ? await libcloud(name("late-par", machines, 1), machines, "parallel", { keyFile, signal, bootMs })
          : Number.NaN,
      });
    }
    say("a large plan");
    const many = await large(200, 5);
    if (!values["no-command"]) say("the command");
    const command = values["no-command"] ? undefined : await timeCommand(2, values.quick ? 3 : 9, signal);
    const everything = { measured, patient, bootMs, large: many, command, rounds, before, after: load() };
    process.stdout.write(rows(everything));
    if (verdicts(everything).some(({ kept }) => !kept)) process.exitCode = 1;
  } catch (error) {
    if (!signal.aborted) throw error;
    say(String(signal.reason));
  } finally {
    await rm(folder, { recursive: true });
  }
}
