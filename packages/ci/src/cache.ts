import { createHash } from "node:crypto";
import type { JournalEntry } from "@slipway/model";
import type { RunStep } from "./pipeline.ts";
import type { CiRecord } from "./records.ts";

/** Everything that a step can see, and so everything that its result may depend on. */
export interface StepContent {
  readonly step: RunStep;
  /** `sha256:…` of the image it runs in. */
  readonly imageId: string;
  /** One line per input: mode, kind, object id and path; or the id of the whole tree. */
  readonly inputs: readonly string[];
  /** Content keys of the steps whose outputs it sees. */
  readonly upstream: readonly string[];
  /** Environment that the CI's configuration adds. */
  readonly env: Readonly<Record<string, string>>;
  readonly platform: string;
}

/** Content key: equal exactly when two steps see the same. SHA-256, hex. */
export function contentKey({ step, imageId, inputs, upstream, env, platform }: StepContent): string {
  const sorted = (record: Readonly<Record<string, string>>) =>
    Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
  const seen = [
    3,
    imageId,
    platform,
    step.run,
    sorted({ ...env, ...step.env }),
    step.network,
    step.outputs,
    [...inputs].sort(),
    [...upstream].sort(),
  ];
  return createHash("sha256").update(JSON.stringify(seen)).digest("hex");
}

/** A result that may be taken again, while its volumes exist. */
export interface CachedStep {
  readonly run: string;
  readonly outputs: readonly string[];
}

/** What the journal says may be taken again: content key → the newest passed step with it. */
export function cachedSteps(entries: Iterable<JournalEntry<CiRecord>>): Map<string, CachedStep> {
  const cached = new Map<string, CachedStep>();
  for (const { record } of entries) remember(cached, record);
  return cached;
}

export function remember(cached: Map<string, CachedStep>, record: CiRecord): void {
  if (record.type !== "step finished" || record.state !== "passed" || record.key === undefined) return;
  // Taken again counts as new: what is used is kept longest.
  cached.delete(record.key);
  cached.set(record.key, { run: record.cachedFrom ?? record.run, outputs: record.outputs ?? [] });
}

/** Keys to forget so that at most `keep` stay: those used longest ago. */
export const surplus = (cached: ReadonlyMap<string, CachedStep>, keep: number): readonly string[] =>
  [...cached.keys()].slice(0, Math.max(0, cached.size - keep));
