import type { App } from "@slipway/model";
import type { Slot } from "./names.ts";
import type { Ports } from "./ports.ts";

/** How many events of each kind a stream holds: `type@version` → count. */
export type VersionCounts = Readonly<Record<string, number>>;

/** A stream up to a point: complete lines only. */
export interface StreamMark {
  readonly events: number;
  readonly bytes: number;
  /** Counts from the stream's first event to this point. */
  readonly versions: VersionCounts;
}

/** One attempt to make a release run: everything needed to finish or undo it on a host that has nothing else. */
export interface Deployment {
  readonly id: string;
  readonly action: "deploy" | "rollback";
  readonly commit: string;
  readonly repository: string;
  readonly signer: string;
  readonly slot: Slot;
  readonly app: App;
  /** Service → image id. */
  readonly images: Readonly<Record<string, string>>;
  readonly ports: Ports;
  /** Who asked. */
  readonly by: string;
  readonly fence: number;
}

/** A saved copy of a stream, verified by sum and count. */
export interface BackupFile {
  readonly service: string;
  readonly sha256: string;
  readonly events: number;
  readonly bytes: number;
}

/**
 * Lines of releases.jsonl. `intent` comes before the first effect; without `commit` after it the deployment is undone by the next run, with
 * it finished. `done` and `undone` end it.
 */
export type ReleaseRecord =
  | { readonly kind: "intent"; readonly deployment: Deployment }
  | { readonly kind: "backup"; readonly id: string; readonly folder: string; readonly files: readonly BackupFile[] }
  | { readonly kind: "phase"; readonly id: string; readonly phase: Phase }
  | { readonly kind: "commit"; readonly id: string; readonly streams: Readonly<Record<string, StreamMark>> }
  | { readonly kind: "done"; readonly id: string; readonly note?: string }
  | { readonly kind: "undone"; readonly id: string; readonly reason: string };

/** What has been reached, for people who read the record. Decisions are made from what is seen on the host. */
export type Phase = "healthy" | "switched" | "stopped" | "active";

/** A deployment with what the record says became of it. Times are ms since 1970. */
export interface Known {
  readonly deployment: Deployment;
  readonly startedAt: number;
  readonly committedAt?: number;
  readonly endedAt?: number;
  readonly outcome: "running" | "superseded" | "undone" | "unfinished";
  readonly backup?: string;
  /** The streams where this deployment became the writer. */
  readonly streams?: Readonly<Record<string, StreamMark>>;
  readonly note?: string;
}

export interface History {
  /** Oldest first. */
  readonly all: readonly Known[];
  /** The last deployment that was completed; it should be running. */
  readonly current?: Known;
  /** Begun and neither done nor undone. */
  readonly pending?: Known;
}

/** What the record amounts to. Records of unknown deployments are ignored. */
export function historyOf(entries: Iterable<{ readonly at: number; readonly record: ReleaseRecord }>): History {
  const all = new Map<string, Known>();
  let current: string | undefined;
  let pending: string | undefined;
  for (const { at, record } of entries) {
    if (record.kind === "intent") {
      all.set(record.deployment.id, { deployment: record.deployment, startedAt: at, outcome: "unfinished" });
      pending = record.deployment.id;
      continue;
    }
    const known = all.get(record.id);
    if (known === undefined) continue;
    switch (record.kind) {
      case "backup":
        all.set(record.id, { ...known, backup: record.folder });
        break;
      case "commit":
        all.set(record.id, { ...known, committedAt: at, streams: record.streams });
        break;
      case "undone":
        all.set(record.id, { ...known, endedAt: at, outcome: "undone", note: record.reason });
        if (pending === record.id) pending = undefined;
        break;
      case "done": {
        const before = current === undefined ? undefined : all.get(current);
        if (before !== undefined) all.set(before.deployment.id, { ...before, outcome: "superseded" });
        const note = record.note === undefined ? {} : { note: record.note };
        all.set(record.id, { ...known, endedAt: at, outcome: "running", ...note });
        current = record.id;
        if (pending === record.id) pending = undefined;
        break;
      }
      case "phase":
        break;
    }
  }
  const find = (id: string | undefined): Known | undefined => (id === undefined ? undefined : all.get(id));
  const [now, open] = [find(current), find(pending)];
  return {
    all: [...all.values()],
    ...(now === undefined ? {} : { current: now }),
    ...(open === undefined ? {} : { pending: open }),
  };
}
