import { countOf, type Share, type Wave, type WaveOptions, waves } from "./waves.ts";

export interface RolloutOptions extends WaveOptions {
  /**
   * No further host begins once so many have failed; a percentage is of all hosts. Default: a whole batch that failed is enough when
   * hosts go in batches, and nothing is when they do not. A canary that fails is always enough.
   */
  readonly giveUpAfter?: Share;
}

/**
 * ```
 * waiting → running → applied → judging → done
 *              └────────┴──────────┴────→ failed
 * ```
 */
export type Stage = "waiting" | "running" | "applied" | "judging" | "done" | "failed";

/** How far a rollout is. Plain data. */
export interface Rollout {
  readonly waves: readonly Wave[];
  /** Index of the wave that goes on. */
  readonly at: number;
  /** Whether hosts go in batches or after a canary. */
  readonly rolling: boolean;
  readonly giveUpAfter: number | undefined;
  /** So many run at the same time at most. */
  readonly parallel: number;
  readonly stages: ReadonlyMap<string, Stage>;
  /** Why no further host begins. */
  readonly gaveUp?: string;
}

export type RolloutEvent =
  | { readonly type: "began"; readonly host: string }
  | { readonly type: "applied"; readonly host: string; readonly ok: boolean }
  | { readonly type: "judging"; readonly host: string }
  | { readonly type: "judged"; readonly host: string; readonly ok: boolean }
  | { readonly type: "interrupted" };

/** Without batches a big fleet must not open hundreds of connections at once. */
const unrolledParallel = 20;

/** A rollout before its first host. Throws `config.bad-argument`. */
export function rolloutOf(hosts: readonly string[], options: RolloutOptions = {}): Rollout {
  const { atOnce, canary, giveUpAfter } = options;
  return {
    waves: waves(hosts, options),
    at: 0,
    rolling: atOnce !== undefined || canary !== undefined,
    giveUpAfter: giveUpAfter === undefined ? undefined : countOf(giveUpAfter, hosts.length, "up"),
    parallel: atOnce === undefined ? unrolledParallel : countOf(atOnce, hosts.length, "down"),
    stages: new Map(hosts.map((host) => [host, "waiting"])),
  };
}

/** What may be done now. */
export interface RolloutStep {
  readonly begin: readonly string[];
  /** Whether these are well is looked at now. */
  readonly judge: readonly string[];
  /** Nothing goes on and nothing will. */
  readonly over: boolean;
}

/** Pure. What it says is done by telling `began` and `judging`, and later how that ended. */
export function nextStep(rollout: Rollout): RolloutStep {
  const { stages, parallel, rolling, gaveUp } = rollout;
  const wave = rollout.waves[rollout.at];
  if (wave === undefined) return { begin: [], judge: [], over: true };
  const at = (stage: Stage): readonly string[] => wave.hosts.filter((host) => stages.get(host) === stage);
  const [waiting, running, applied, judging] = [at("waiting"), at("running"), at("applied"), at("judging")];
  const begin = gaveUp === undefined ? waiting.slice(0, Math.max(0, parallel - running.length)) : [];
  const batchApplied = running.length === 0 && begin.length === 0;
  return {
    begin,
    // In batches they are looked at together, when none of the batch can disturb another any more.
    judge: !rolling || batchApplied ? applied : [],
    over: gaveUp !== undefined && running.length + applied.length + judging.length === 0,
  };
}

/** Pure: the rollout after something happened. */
export function advance(rollout: Rollout, event: RolloutEvent): Rollout {
  if (event.type === "interrupted") return { ...rollout, gaveUp: rollout.gaveUp ?? "it was interrupted" };
  const stages = new Map(rollout.stages).set(event.host, stageAfter(event));
  const next = { ...rollout, stages };
  const gaveUp = rollout.gaveUp ?? whyGiveUp(next);
  if (gaveUp !== undefined) return { ...next, gaveUp };
  const wave = rollout.waves[rollout.at];
  const ended = wave?.hosts.every((host) => isEnd(stages.get(host))) === true;
  return ended ? { ...next, at: rollout.at + 1 } : next;
}

const isEnd = (stage: Stage | undefined): boolean => stage === "done" || stage === "failed";

function stageAfter(event: Exclude<RolloutEvent, { readonly type: "interrupted" }>): Stage {
  if (event.type === "began") return "running";
  if (event.type === "judging") return "judging";
  if (!event.ok) return "failed";
  return event.type === "applied" ? "applied" : "done";
}

function whyGiveUp({ waves: all, at, stages, rolling, giveUpAfter }: Rollout): string | undefined {
  // Once every host has begun there is nothing to give up.
  if (![...stages.values()].includes("waiting")) return undefined;
  const hasFailed = (host: string): boolean => stages.get(host) === "failed";
  const failed = [...stages.keys()].filter(hasFailed);
  const wave = all[at];
  const canary = wave?.canary === true ? wave.hosts.find(hasFailed) : undefined;
  if (canary !== undefined) return `the canary ${canary} failed`;
  if (giveUpAfter !== undefined)
    return failed.length >= giveUpAfter ? `${failed.length} of ${stages.size} hosts failed` : undefined;
  if (rolling && wave?.hosts.every(hasFailed) === true)
    return wave.hosts.length === 1 ? `${wave.hosts[0]} failed` : `all ${wave.hosts.length} hosts of a batch failed`;
  return undefined;
}
