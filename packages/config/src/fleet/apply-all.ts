import {
  type Connection,
  type Duration,
  type ExitCode,
  type Host,
  type Secrets,
  type Surroundings,
  systemClock,
} from "@slipway/model";
import type { ApplyEvent, ApplyOptions } from "../engine/options.ts";
import type { Report } from "../report.ts";
import type { HostPlan } from "../saved-plan.ts";
import { HostRun } from "./host-run.ts";
import { once, preflight } from "./preflight.ts";
import { advance, nextStep, type RolloutEvent, type RolloutOptions, rolloutOf } from "./rollout.ts";

/** One host of many. */
export interface FleetTarget {
  readonly host: Host;
  /** Gives a connection of its own, which is closed when the host is done with. */
  readonly connect: () => Promise<Connection>;
  readonly around?: Surroundings;
  readonly secrets?: Secrets;
  /** As in ApplyOptions. */
  readonly exactly?: HostPlan;
  readonly list?: string;
}

export type FleetEvent =
  | (ApplyEvent & { readonly host: string })
  | { readonly type: "connecting" | "judging"; readonly host: string }
  | { readonly type: "ended"; readonly host: string; readonly outcome: HostOutcome; readonly why?: string }
  | { readonly type: "gave up"; readonly why: string };

type Passed = "clock" | "signal" | "only" | "removed" | "adopt" | "lockWaitSeconds" | "holder" | "stateFolder";

export interface FleetOptions extends RolloutOptions, Pick<ApplyOptions, Passed> {
  readonly onEvent?: (event: FleetEvent) => void;
  /** Done on a host whose properties are all true, before it is looked at. Gives what else was changed; a rejection fails the host. */
  readonly after?: (host: Host, connection: Connection, report: Report) => Promise<readonly string[]>;
  /** Besides the checks that the host's properties tell: throws when the host is not well. Asked again until it is, or time is up. */
  readonly healthy?: (host: Host, connection: Connection) => Promise<void>;
  /** How long a host may take to become well after it was changed. Default 60 s. */
  readonly wellWithin?: Duration;
}

/** `not begun`: nothing was done on it, as the rollout was given up before. */
export type HostOutcome = "done" | "failed" | "not begun";

export interface HostResult {
  readonly host: string;
  readonly outcome: HostOutcome;
  /** What was done; also of a host that is not well afterwards. */
  readonly report?: Report;
  /** What `after` changed. */
  readonly also: readonly string[];
  /** Why it failed, unless the report says it. */
  readonly why?: string;
  /** With `why`, when it was an error. */
  readonly code?: string;
  readonly hint?: string;
  readonly exitCode?: ExitCode;
  readonly ms: number;
}

export interface FleetResult {
  /** In the order of the targets. */
  readonly hosts: readonly HostResult[];
  /** Why hosts were left. */
  readonly gaveUp?: string;
  readonly ms: number;
}

/**
 * Makes the properties of many hosts true: all at once (20 at a time), or in batches after a canary. A batch is looked at before
 * the next begins, by the checks that its properties tell. What fails on one host is its result and stops no other that has begun.
 * What can be found wrong without a host is thrown before anything is connected to. Never rejects for a host.
 */
export async function applyAll(targets: readonly FleetTarget[], options: FleetOptions = {}): Promise<FleetResult> {
  const clock = options.clock ?? systemClock;
  const from = clock.monotonic();
  const opened = new Map<Secrets, Secrets>();
  const prepared = targets.map((target) => {
    const { secrets } = target;
    if (secrets === undefined) return target;
    const shared = opened.get(secrets) ?? once(secrets);
    opened.set(secrets, shared);
    return { ...target, secrets: shared };
  });
  let rollout = rolloutOf(
    prepared.map((target) => target.host.name),
    options,
  );
  await preflight(prepared);
  const runs = new Map(prepared.map((target) => [target.host.name, new HostRun(target, options)]));
  const going = new Set<Promise<void>>();
  const happens = (event: RolloutEvent): void => {
    const before = rollout.gaveUp;
    rollout = advance(rollout, event);
    if (before === undefined && rollout.gaveUp !== undefined)
      options.onEvent?.({ type: "gave up", why: rollout.gaveUp });
  };
  // Before the failures that it causes, so that it is what is told.
  const interrupted = (): void => {
    if (options.signal?.aborted === true && rollout.gaveUp === undefined) happens({ type: "interrupted" });
  };
  const go = (host: string, how: "begin" | "judge"): void => {
    happens({ type: how === "begin" ? "began" : "judging", host });
    const work = (async () => {
      const ok = (await runs.get(host)?.[how]()) === true;
      interrupted();
      happens({ type: how === "begin" ? "applied" : "judged", host, ok });
    })();
    going.add(work);
    void work.finally(() => going.delete(work));
  };
  for (;;) {
    interrupted();
    const { begin, judge, over } = nextStep(rollout);
    if (over) break;
    for (const host of begin) go(host, "begin");
    for (const host of judge) go(host, "judge");
    await Promise.race(going);
  }
  return {
    hosts: [...runs.values()].map((run) => run.result),
    ...(rollout.gaveUp === undefined ? {} : { gaveUp: rollout.gaveUp }),
    ms: clock.monotonic() - from,
  };
}
