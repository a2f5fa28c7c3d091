import { ssh } from "@slipway/connection";
import { type Machine, startMachine } from "@slipway/machines";
import type { Connection, SshAddress } from "@slipway/model";

/** How often, from the command line: the argument after the trial's name, or another. */
export const countOr = (fallback: number, at = 3): number => {
  const given = process.argv[at];
  if (given === undefined) return fallback;
  if (!/^[1-9]\d*$/.test(given)) throw new Error(`the count is a whole number, not ${given}`);
  return Number(given);
};

export const addressOf = (machine: Machine): SshAddress => ({
  host: machine.name,
  address: machine.address,
  port: machine.port,
  user: machine.user,
  hostKeys: [machine.hostKey.sha256],
});

export interface Watched extends AsyncDisposable {
  readonly machine: Machine;
  readonly address: SshAddress;
  /** As root, and apart from what is tried. */
  readonly root: Connection;
  /** Standard output of a constant script; rejects when it fails. */
  run(script: string, ...args: string[]): Promise<string>;
}

/** A fresh host with a connection of its own to look at it. */
export async function watchedHost(name: string): Promise<Watched> {
  const machine = await startMachine({ name });
  const address = addressOf(machine);
  const root = await ssh(address, { privateKey: machine.privateKey });
  return {
    machine,
    address,
    root,
    async run(script, ...args) {
      const { status, stdout, stderr } = await root.exec(["sh", "-c", script, "sh", ...args]);
      if (status !== 0) throw new Error(`status ${status} of ${script}: ${stderr}`);
      return stdout.trim();
    },
    async [Symbol.asyncDispose]() {
      await root[Symbol.asyncDispose]();
      await machine[Symbol.asyncDispose]();
    },
  };
}

/** Counts of what happened, by name, and times. */
export class Tally {
  readonly #counts = new Map<string, number>();
  readonly #times = new Map<string, number[]>();

  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  time(name: string, ms: number): void {
    this.#times.set(name, [...(this.#times.get(name) ?? []), ms]);
  }

  count(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** Prints everything, last a line `PASS` or `FAIL` with those of `wrong` that happened, and sets the exit code. */
  print(wrong: readonly string[]): void {
    for (const [name, count] of this.#counts) process.stdout.write(`${String(count).padStart(6)}  ${name}\n`);
    for (const [name, times] of this.#times) {
      const sorted = times.toSorted((a, b) => a - b);
      const at = (share: number): string =>
        `${((sorted[Math.ceil(share * sorted.length) - 1] ?? 0) / 1_000).toFixed(2)} s`;
      process.stdout.write(`        ${name}: median ${at(0.5)}, p95 ${at(0.95)}, most ${at(1)} of ${sorted.length}\n`);
    }
    const happened = wrong.filter((name) => this.count(name) > 0);
    const said = wrong.map((name) => `${this.count(name)} ${name}`).join(", ");
    process.stdout.write(`${happened.length === 0 ? "PASS" : "FAIL"}: ${said}\n`);
    if (happened.length > 0) process.exitCode = 1;
  }
}

/** Runs `work` for 0 … count - 1, as many at once as there are workers, each worker with what is its own. */
export async function spread<W>(
  count: number,
  workers: readonly W[],
  work: (index: number, worker: W) => Promise<void>,
): Promise<void> {
  let next = 0;
  const all = workers.map(async (worker) => {
    while (next < count) {
      const index = next;
      next += 1;
      await work(index, worker);
      if ((index + 1) % 10 === 0) process.stderr.write(`${index + 1}/${count}\n`);
    }
  });
  await Promise.all(all);
}

export const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : `${String(error)} (no code)`;
