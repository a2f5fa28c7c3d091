import type { CiRecord } from "./records.ts";
import type { Run } from "./runs.ts";

/** A push, as the hook wrote it down. */
export interface PushRequest {
  readonly file: string;
  readonly ref: string;
  readonly commit: string;
  /** True when somebody asked for one more run of a commit that had one. */
  readonly again: boolean;
}

const commitId = /^[0-9a-f]{40}$/;
const reviewRef = /^refs\/heads\/review(\/[A-Za-z0-9._/-]{1,200})?$/;

/**
 * Reads one request. The name carries the order (`<ns since 1970>-<commit>.json`). Undefined for what is no push to a review
 * branch: a deleted branch, a foreign file, damage. Such a file is put aside; the refs themselves tell what it may have meant.
 */
export function parseRequest(file: string, text: string): PushRequest | undefined {
  if (!/^[0-9]{1,20}-[0-9a-f]{40}\.json$/.test(file)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || !("ref" in value) || !("new" in value)) return undefined;
  const { ref, new: commit } = value;
  if (typeof ref !== "string" || typeof commit !== "string" || !reviewRef.test(ref) || !commitId.test(commit))
    return undefined;
  return /^0+$/.test(commit) ? undefined : { file, ref, commit, again: "again" in value && value.again === true };
}

/** Requests in the order of the pushes: by the number in the name, not by its text. */
export const inOrder = (requests: readonly PushRequest[]): readonly PushRequest[] => {
  const when = (request: PushRequest): bigint => BigInt(request.file.split("-")[0] ?? "0");
  return [...requests].sort((a, b) => (when(a) < when(b) ? -1 : when(a) > when(b) ? 1 : a.file < b.file ? -1 : 1));
};

/** What was queued already, kept beside the runs: the requests by name, and the commits found at each ref. */
export interface Seen {
  readonly requests: Set<string>;
  /** `<ref> <commit>` → how it came in. */
  readonly commits: Map<string, "hook" | "refs">;
}

export const nothingSeen = (): Seen => ({ requests: new Set(), commits: new Map() });

export function see(seen: Seen, record: Extract<CiRecord, { type: "run queued" }>): void {
  seen.requests.add(record.request);
  seen.commits.set(`${record.ref} ${record.commit}`, record.request.startsWith("ref ") ? "refs" : "hook");
}

export interface Wanted {
  readonly request: string;
  readonly ref: string;
  readonly commit: string;
}

/**
 * Which runs to queue now. Pure. A request that was taken before (the CI died before it removed the file) gives none; nor does
 * one whose commit was found at its ref while the hook had not written yet. A review branch whose commit never had a run gives
 * one: its hook call was lost.
 */
export function toQueue(
  seen: Seen,
  requests: readonly PushRequest[],
  refs: ReadonlyMap<string, string>,
): readonly Wanted[] {
  const wanted: Wanted[] = [];
  const coming = new Set<string>();
  for (const { file, ref, commit, again } of inOrder(requests)) {
    const key = `${ref} ${commit}`;
    if (seen.requests.has(file) || coming.has(key)) continue;
    if (seen.commits.get(key) === "refs" && !again) continue;
    coming.add(key);
    wanted.push({ request: file, ref, commit });
  }
  for (const [ref, commit] of refs) {
    const key = `${ref} ${commit}`;
    if (!seen.commits.has(key) && !coming.has(key)) wanted.push({ request: `ref ${key}`, ref, commit });
  }
  return wanted;
}

/** The run to work on now: one that was interrupted, else the oldest in the queue. */
export const nextRun = (runs: Iterable<Run>): Run | undefined => {
  const open = [...runs].filter((run) => run.finishedAt === undefined);
  return open.find((run) => run.state === "running") ?? open[0];
};
