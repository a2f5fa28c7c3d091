import type { JournalEntry } from "@slipway/model";
import type { StepState } from "./graph.ts";
import type { CiRecord } from "./records.ts";

/** One step of a run, as the journal tells it. */
export interface StepView {
  readonly name: string;
  readonly kind: "run" | "image";
  readonly needs: readonly string[];
  readonly state: StepState;
  /** ms since 1970. */
  readonly startedAt?: number;
  readonly seconds?: number;
  /** Run whose result was taken instead of running it. */
  readonly cachedFrom?: string;
  readonly image?: string;
  readonly message?: string;
}

export type RunState = "queued" | "running" | "passed" | "failed";

/** One pushed commit on its way to main. */
export interface Run {
  readonly id: string;
  readonly ref: string;
  /** The commit that was pushed. */
  readonly commit: string;
  readonly subject: string;
  readonly author: string;
  readonly state: RunState;
  /** ms since 1970. */
  readonly queuedAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly seconds?: number;
  readonly attempt: number;
  /** The commit that is tested, and main once the run has passed. */
  readonly candidate?: string;
  readonly base?: string | null;
  readonly pipeline?: { readonly name: string; readonly digest: string };
  readonly steps: readonly StepView[];
  /** True from the moment main may have moved. */
  readonly publishing: boolean;
  readonly failedStep?: string;
  readonly message?: string;
  readonly logTail?: string;
}

/**
 * The runs that a journal tells of, oldest first. Pure. A run has one end: whatever is written about it later is ignored, as is
 * everything about a run that was never queued.
 */
export function runsOf(entries: Iterable<JournalEntry<CiRecord>>): readonly Run[] {
  const runs = new Map<string, Run>();
  for (const entry of entries) apply(runs, entry);
  return [...runs.values()];
}

/** Takes one more entry into the runs. */
export function apply(runs: Map<string, Run>, { at, record }: JournalEntry<CiRecord>): void {
  const run = runs.get(record.run);
  if (record.type === "run queued") {
    if (run !== undefined) return;
    const { run: id, ref, commit, subject, author } = record;
    const start = { state: "queued", queuedAt: at, attempt: 0, steps: [], publishing: false } as const;
    runs.set(id, { id, ref, commit, subject, author, ...start });
    return;
  }
  if (run === undefined || run.finishedAt !== undefined) return;
  runs.set(run.id, changed(run, record, at));
}

function changed(run: Run, record: Exclude<CiRecord, { type: "run queued" }>, at: number): Run {
  switch (record.type) {
    case "run started": {
      const { attempt, base, candidate } = record;
      return {
        ...run,
        state: "running",
        startedAt: run.startedAt ?? at,
        attempt,
        base,
        candidate,
        steps: [],
        publishing: false,
      };
    }
    case "pipeline read":
      return {
        ...run,
        pipeline: record.pipeline,
        steps: record.steps.map((step) => ({ ...step, state: "waiting" as const })),
      };
    case "step started":
      return withStep(run, record, (step) => ({ ...step, state: "running", startedAt: at }));
    case "step finished": {
      const { state, seconds, cachedFrom, image, message } = record;
      const more = {
        ...(cachedFrom === undefined ? {} : { cachedFrom }),
        ...(image === undefined ? {} : { image }),
        ...(message === undefined ? {} : { message }),
      };
      return withStep(run, record, (step) => ({ ...step, state, seconds, ...more }));
    }
    case "run publishing":
      return { ...run, publishing: true };
    case "run finished": {
      const { state, seconds, failedStep, message, logTail } = record;
      const steps = run.steps.map((step) =>
        step.state === "waiting"
          ? { ...step, state: "skipped" as const }
          : step.state === "running"
            ? { ...step, state: "cancelled" as const }
            : step,
      );
      return {
        ...run,
        state,
        steps,
        seconds,
        finishedAt: at,
        ...(failedStep === undefined ? {} : { failedStep }),
        ...(message === undefined ? {} : { message }),
        ...(logTail === undefined ? {} : { logTail }),
      };
    }
  }
}

/** A late result of an earlier attempt changes nothing. */
function withStep(run: Run, record: { step: string; attempt: number }, change: (step: StepView) => StepView): Run {
  if (record.attempt !== run.attempt) return run;
  return { ...run, steps: run.steps.map((step) => (step.name === record.step ? change(step) : step)) };
}
