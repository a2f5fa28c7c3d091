import { type Clock, type Connection, type Journal, messageOf } from "@slipway/model";
import { type CachedStep, remember } from "./cache.ts";
import type { Context } from "./context.ts";
import type { Docker } from "./docker.ts";
import { gitOn } from "./git.ts";
import { takeIn } from "./intake.ts";
import { type Policy, policyOf } from "./policy.ts";
import { nextRun, nothingSeen, see } from "./queue.ts";
import type { CiRecord } from "./records.ts";
import type { Repository } from "./repository.ts";
import { forgetOld } from "./retention.ts";
import { takeRun } from "./run.ts";
import { apply, type Run } from "./runs.ts";
import { signerWith } from "./sign.ts";
import { sweep } from "./sweep.ts";

export interface CiServerOptions {
  /** To the host that has the repository and the Docker engine; may be this machine. */
  readonly connection: Connection;
  readonly docker: Docker;
  readonly repository: Repository;
  /** Armored OpenPGP private key. It stays in this process. */
  readonly signingKey: string;
  readonly journal: Journal<CiRecord>;
  readonly clock: Clock;
  /** Aborting stops the CI: what runs is removed, and begins again at the next start. */
  readonly signal: AbortSignal;
  readonly policy: Partial<Policy> & Pick<Policy, "toolchain" | "node">;
  /** Told what happens, a line at a time. */
  readonly report?: (line: string) => void;
  /** How often the queue is looked at. Default 500 ms. */
  readonly everyMs?: number;
}

/** Every so many looks at the queue, the refs are looked at too. */
const looksPerReconcile = 20;
/** So often the CI itself may fail on one run before the run is called failed. */
const ownFailures = 3;

/**
 * Owns main of a repository: queues the pushes to review, tests each on current main, and moves main to what passed. Runs one at
 * a time, in the order of the pushes, until the signal aborts; then it resolves. May be killed at any moment: the next start
 * removes leftovers, and takes an interrupted run up again or, when main had moved already, writes its end down.
 */
export async function ciServer(options: CiServerOptions): Promise<void> {
  const { clock, signal, journal } = options;
  const report = options.report ?? (() => {});
  const runs = new Map<string, Run>();
  const seen = nothingSeen();
  const cached = new Map<string, CachedStep>();
  const take = (entry: { seq: number; at: number; record: CiRecord }): void => {
    apply(runs, entry);
    remember(cached, entry.record);
    if (entry.record.type === "run queued") see(seen, entry.record);
  };
  for await (const entry of journal.read()) take(entry);
  const policy = policyOf(options.policy);
  // The engine refuses a container that may use more processors than there are.
  const { NCPU: processors } = (await options.docker.info()) as { readonly NCPU: number };
  const limits = { ...policy.limits, cpus: Math.min(policy.limits.cpus, processors) };
  const context: Context = {
    connection: options.connection,
    docker: options.docker,
    repository: options.repository,
    git: gitOn(options.connection, options.repository),
    clock,
    policy: { ...policy, limits },
    cached,
    record: async (record) => {
      take(await journal.append(record));
      report(line(record));
    },
  };
  const sign = signerWith(options.signingKey);

  await sweep(context);
  await finishPublished(context, runs);
  const everyMs = options.everyMs ?? 500;
  const nextId = (): string => String(runs.size + 1);
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);

  const intake = async (): Promise<void> => {
    for (let look = 0; !either.aborted; look += 1) {
      await takeIn(context, seen, { refs: look % looksPerReconcile === 0, nextId });
      await clock.sleep(everyMs, either);
    }
  };
  const work = async (): Promise<void> => {
    const failures = new Map<string, number>();
    while (!either.aborted) {
      const run = nextRun(runs.values());
      if (run === undefined) {
        await clock.sleep(Math.min(everyMs, 200), either);
        continue;
      }
      try {
        await takeRun(context, run, { sign, signal: either });
        await forgetOld(context, cached, [...runs.values()]);
      } catch (thrown) {
        either.throwIfAborted();
        const times = (failures.get(run.id) ?? 0) + 1;
        failures.set(run.id, times);
        report(`run ${run.id}: the CI itself failed: ${messageOf(thrown)}`);
        if (!options.connection.open) throw thrown;
        await sweep(context);
        if (times < ownFailures) await clock.sleep(2_000, either);
        else await giveUp(context, run, thrown);
      }
    }
  };
  // Whichever fails stops the other; both have ended when this one does.
  const parts = [intake(), work()].map((part) =>
    part.catch((thrown: unknown) => {
      if (!either.aborted) {
        stop.abort(thrown);
        throw thrown;
      }
    }),
  );
  const [first, second] = await Promise.allSettled(parts);
  for (const part of [first, second]) if (part?.status === "rejected" && !signal.aborted) throw part.reason;
}

const giveUp = (context: Context, run: Run, thrown: unknown): Promise<void> =>
  context.record({
    type: "run finished",
    run: run.id,
    state: "failed",
    seconds: 0,
    failedStep: "pipeline",
    message: `the CI itself failed: ${messageOf(thrown)}`,
  });

/** Runs whose main moved while the CI died before it could write their end. */
async function finishPublished(context: Context, runs: ReadonlyMap<string, Run>): Promise<void> {
  const main = await context.git.main();
  for (const run of runs.values()) {
    if (!run.publishing || run.finishedAt !== undefined || run.candidate === undefined || main === undefined) continue;
    if (run.base === run.candidate || !(await context.git.isAncestor(run.candidate, main))) continue;
    await context.record({
      type: "run finished",
      run: run.id,
      state: "passed",
      seconds: (context.clock.now() - (run.startedAt ?? run.queuedAt)) / 1000,
    });
  }
}

function line(record: CiRecord): string {
  const run = `run ${record.run}`;
  switch (record.type) {
    case "run queued":
      return `${run}: queued ${record.commit.slice(0, 12)} ${record.subject}`;
    case "run started":
      return `${run}: testing ${record.candidate.slice(0, 12)}`;
    case "pipeline read":
      return `${run}: ${record.steps.length} steps`;
    case "step started":
      return `${run}: ${record.step}`;
    case "step finished":
      return `${run}: ${record.step} ${record.state} in ${record.seconds} s${record.cachedFrom === undefined ? "" : " (cached)"}`;
    case "run publishing":
      return `${run}: passed, main moves to ${record.candidate.slice(0, 12)}`;
    case "run finished":
      return `${run}: ${record.state}${record.failedStep === undefined ? "" : ` at ${record.failedStep}: ${record.message ?? ""}`}`;
  }
}
