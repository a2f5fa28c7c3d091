import { checkDocker, type Docker, docker as dockerOf } from "@slipway/connection/docker";
import { remoteJournal } from "@slipway/journal";
import {
  type Clock,
  type Connection,
  type Journal,
  messageOf,
  type Release,
  type Secrets,
  systemClock,
} from "@slipway/model";
import { type Revealed, reveal, sumsOf } from "./effects.ts";
import { fail } from "./errors.ts";
import type { DeployEvent } from "./events.ts";
import { takeLock } from "./lock.ts";
import { pathsOf } from "./names.ts";
import type { SiteOptions } from "./nginx.ts";
import { observe } from "./observe.ts";
import { type Plan, plan, type Seen, type Wanted } from "./plan.ts";
import type { Proof } from "./proof.ts";
import type { Deployment, ReleaseRecord } from "./record.ts";
import { carryOutSteps, isOusted, type RolloutContext, readHistory, requireSame } from "./rollout.ts";
import { Target } from "./target.ts";

/** What deploying and rolling back have in common. */
export interface RolloutOptions {
  readonly connection: Connection;
  /** Engine of the host. Default: the one of `connection`. */
  readonly docker?: Docker;
  /** Engine that has the images, such as the CI host's. Without it the host must have them already. */
  readonly from?: Docker;
  /** Opens the secrets that the application names. */
  readonly secrets?: Secrets;
  /** Verifies the release once more right before requests are switched to it. */
  readonly verify?: (commit: string) => Promise<Release<"verified">>;
  /** Who asks, for the record and for whoever is locked out. Default "unknown". */
  readonly by?: string;
  /** How long to wait for another run. Default 0. */
  readonly lockWaitMs?: number;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: DeployEvent) => void;
  readonly site?: SiteOptions;
  /** How many releases before the current one keep their images. Default 3. */
  readonly keep?: number;
  /** For each container to become healthy. Default 60 s. */
  readonly healthMs?: number;
  /** How long a worker without a port must run undisturbed. Default 1 s. */
  readonly stableMs?: number;
  /** Between the switch and the end of the old containers. Default 150 ms. */
  readonly drainMs?: number;
  /** The signed statement, kept beside the record so that a rollback needs nobody else. */
  readonly proof?: Proof;
}

/** One run on one application of one host, under its lock. */
export interface Session extends AsyncDisposable {
  readonly app: string;
  readonly fence: number;
  /** Finishes or undoes what an earlier run left. With `insteadOf`, one that cannot be finished is given up unless it is that commit. */
  recover(insteadOf?: string): Promise<void>;
  observe(): Promise<Seen>;
  /** Makes the release run. */
  bring(
    action: Deployment["action"],
    release: Release<"verified">,
  ): Promise<{ readonly changed: boolean; readonly sentBytes: number }>;
}

const mostRounds = 4;
/** An interrupted run still has so long to put things back. */
const undoMs = 120_000;

/** Takes the lock and opens the record. Throws `deploy.locked`. */
export async function openSession(app: string, action: string, options: RolloutOptions): Promise<Session> {
  const { connection, onEvent = () => undefined } = options;
  const clock = options.clock ?? systemClock;
  const by = options.by ?? "unknown";
  const lock = await takeLock(connection, app, {
    by,
    action,
    clock,
    waitMs: options.lockWaitMs ?? 0,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  try {
    const engine = options.docker ?? (await dockerOf(connection));
    await checkDocker(engine);
    const journal: Journal<ReleaseRecord> = await remoteJournal<ReleaseRecord>(connection, pathsOf(app).record, {
      clock,
    });
    const asked = AbortSignal.any([lock.lost, ...(options.signal === undefined ? [] : [options.signal])]);
    let signal = asked;
    const target = new Target({ app, connection, docker: engine, clock, fence: lock.fence, signal: () => signal });
    const opened = new Map<string, Promise<Revealed>>();
    const values = new Set<string>();
    const revealOf = (release: Pick<Deployment, "app" | "commit">): Promise<Revealed> => {
      const known = opened.get(release.commit) ?? reveal(release.app, options.secrets);
      opened.set(release.commit, known);
      return known.then((revealed) => {
        for (const service of revealed.values())
          for (const value of service.values()) if (value !== "") values.add(value);
        return revealed;
      });
    };
    const context: RolloutContext = {
      target,
      journal,
      from: options.from,
      proof: options.proof,
      onEvent,
      reveal: revealOf,
      redact: (text) => [...values].reduce((done, value) => done.replaceAll(value, "[secret]"), text),
      verifyAgain: async (deployment) => {
        if (options.verify !== undefined) requireSame(await options.verify(deployment.commit), deployment);
      },
      healthMs: options.healthMs ?? 60_000,
      stableMs: options.stableMs ?? 1_000,
      drainMs: options.drainMs ?? 150,
      listen: options.site?.listen ?? 80,
      reason: "an earlier run ended before it was done",
      sentBytes: 0,
    };
    const planOptions = {
      ...(options.site === undefined ? {} : { site: options.site }),
      ...(options.keep === undefined ? {} : { keep: options.keep }),
    };
    const look = async (): Promise<Seen> => observe(connection, engine, app, await entriesOf(journal));
    const next = async (wanted?: Wanted): Promise<Plan> => {
      const planned = plan(await look(), wanted, planOptions);
      if (planned.steps.length > 0) onEvent({ kind: "plan", plan: planned });
      return planned;
    };

    const recover = async (insteadOf?: string): Promise<void> => {
      const pending = (await readHistory(journal)).pending;
      if (pending === undefined) return;
      try {
        await carryOutSteps(context, (await next()).steps);
      } catch (error) {
        const stuck = insteadOf !== pending.deployment.commit;
        if (pending.committedAt === undefined) throw error;
        if (!stuck || isOusted(error) || signal.aborted) throw unfinished(error, signal.aborted);
        // It owns the streams but cannot be brought up; the release that is wanted instead takes over from it.
        const note = `did not become active: ${messageOf(error)}`.slice(0, 500);
        await journal.append({ kind: "done", id: pending.deployment.id, note });
        onEvent({ kind: "notice", message: `${pending.deployment.commit.slice(0, 12)} is given up; it ${note}` });
      }
    };

    const undo = async (thrown: unknown): Promise<never> => {
      if (isOusted(thrown) || lock.lost.aborted) throw thrown;
      const { pending } = await readHistory(journal);
      if (pending?.committedAt !== undefined) throw unfinished(thrown, signal.aborted);
      if (pending === undefined) throw thrown;
      signal = AbortSignal.any([lock.lost, AbortSignal.timeout(undoMs)]);
      context.reason = messageOf(thrown).split("\n")[0]?.slice(0, 500) ?? "";
      try {
        await carryOutSteps(context, (await next()).steps);
      } catch (cause) {
        const message = `${messageOf(thrown)}; and it could not be undone: ${messageOf(cause)}`;
        throw fail("deploy.undo-failed", message, { cause });
      } finally {
        signal = asked;
      }
      throw thrown;
    };

    return {
      app,
      fence: lock.fence,
      recover,
      observe: look,
      async bring(action, release) {
        await recover(release.commit);
        const sums = sumsOf(await revealOf(release));
        const id = deploymentId(clock.now(), release.commit, lock.fence);
        const wanted: Wanted = { action, release, secrets: sums, id, by, fence: lock.fence };
        for (let round = 0; round < mostRounds; round += 1) {
          const planned = await next(wanted);
          if (planned.steps.length === 0) return { changed: round > 0, sentBytes: context.sentBytes };
          await carryOutSteps(context, planned.steps).catch(undo);
        }
        throw fail(
          "deploy.not-converging",
          `after ${mostRounds} rounds ${app} on ${connection.host} is still not as planned`,
        );
      },
      async [Symbol.asyncDispose]() {
        await journal[Symbol.asyncDispose]();
        await lock[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

/** Sorts by time, and is unique by its fence. */
export const deploymentId = (now: number, commit: string, fence: number): string =>
  `${new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, "")}-${commit.slice(0, 12)}-${fence}`;

/** All entries of a record. */
export async function entriesOf(
  journal: Journal<ReleaseRecord>,
): Promise<readonly { readonly at: number; readonly record: ReleaseRecord }[]> {
  const entries: { readonly at: number; readonly record: ReleaseRecord }[] = [];
  for await (const entry of journal.read()) entries.push(entry);
  return entries;
}

/** After the commit record there is no way back, only on; the error says so. */
function unfinished(error: unknown, interrupted: boolean): unknown {
  if (interrupted || isOusted(error)) return error;
  return fail("deploy.unfinished", messageOf(error), { cause: error });
}
