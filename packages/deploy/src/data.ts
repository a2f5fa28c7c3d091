import type { App, EventVersions } from "@slipway/model";
import { fail } from "./errors.ts";
import type { StreamMark, VersionCounts } from "./record.ts";

/** Whether a release can take over the streams as they are. */
export type DataPlan =
  | { readonly kind: "restart" }
  | {
      readonly kind: "refuse";
      /** One sentence for each stream that stands against it. */
      readonly reasons: readonly string[];
      /** Service → `type@version` → how many events the release cannot read. */
      readonly unreadable: Readonly<Record<string, VersionCounts>>;
      readonly help: string;
    };

const canRead = (events: EventVersions, key: string): boolean => {
  const at = key.lastIndexOf("@");
  return events.reads[key.slice(0, at)]?.includes(Number(key.slice(at + 1))) ?? false;
};

/**
 * Decides from the versions that are REALLY in the streams, not from what releases declare to write: `restart` when the release reads all
 * of them, else `refuse`. `since` holds the counts since the running deployment became the writer, for the explanation; `streams` all.
 * A stream of a service that the release does not have, or for which it declares no events, stands against nothing: nobody reads it.
 */
export function planData(
  app: App,
  streams: Readonly<Record<string, VersionCounts>>,
  since: Readonly<Record<string, VersionCounts>> = {},
): DataPlan {
  const reasons: string[] = [];
  const unreadable: Record<string, VersionCounts> = {};
  for (const { name, events } of app.services) {
    if (events === undefined) continue;
    const foreign = Object.entries(streams[name] ?? {}).filter(([key, count]) => count > 0 && !canRead(events, key));
    if (foreign.length === 0) continue;
    unreadable[name] = Object.fromEntries(foreign);
    const list = foreign.map(([key, count]) => {
      const recent = since[name]?.[key] ?? 0;
      return `${count} ${key}${recent > 0 && recent < count ? ` (${recent} of them since the running release started)` : ""}`;
    });
    reasons.push(`${name} of that release cannot read ${list.join(", ")}`);
  }
  if (reasons.length === 0) return { kind: "restart" };
  const versions = [...new Set(Object.values(unreadable).flatMap((counts) => Object.keys(counts)))].toSorted();
  return {
    kind: "refuse",
    reasons,
    unreadable,
    help: `Roll forward: repair the running release, or deploy one that reads ${versions.join(", ")}. Going back would lose these events.`,
  };
}

/** Throws `deploy.data` (exit 5) unless the release can take over. */
export function requireReadable(
  app: App,
  commit: string,
  streams: Readonly<Record<string, VersionCounts>>,
  since: Readonly<Record<string, VersionCounts>> = {},
): void {
  const decided = planData(app, streams, since);
  if (decided.kind === "restart") return;
  throw fail("deploy.data", `${app.name} at ${commit.slice(0, 12)} cannot take over: ${decided.reasons.join("; ")}`, {
    hint: decided.help,
  });
}

/** Reads a stream of event lines in any split, and counts. Only complete lines count: a torn last line is not there yet. */
export class StreamCounter {
  readonly #name: string;
  readonly #counts = new Map<string, number>();
  #events: number;
  #bytes: number;
  #rest: Uint8Array[] = [];

  /** `from`: where the bytes begin that will be given; its counts are included in the result. */
  constructor(name: string, from: StreamMark = emptyMark) {
    this.#name = name;
    this.#events = from.events;
    this.#bytes = from.bytes;
    for (const [key, count] of Object.entries(from.versions)) this.#counts.set(key, count);
  }

  add(chunk: Uint8Array): void {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const piece = chunk.subarray(start, end);
      this.#line(this.#rest.length === 0 ? piece : Buffer.concat([...this.#rest, piece]));
      this.#rest = [];
      start = end + 1;
    }
    if (start < chunk.length) this.#rest.push(Uint8Array.from(chunk.subarray(start)));
  }

  #line(bytes: Uint8Array): void {
    const at = `${this.#name}: line ${this.#events + 1}`;
    let event: unknown;
    try {
      event = JSON.parse(Buffer.from(bytes).toString("utf8"));
    } catch (cause) {
      throw fail("deploy.stream-corrupt", `${at} of the event file is no JSON`, { cause });
    }
    const { type, version } = (event ?? {}) as { type?: unknown; version?: unknown };
    if (typeof type !== "string" || !Number.isInteger(version))
      throw fail("deploy.stream-corrupt", `${at} of the event file has no type and version`);
    const key = `${type}@${version as number}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    this.#events += 1;
    this.#bytes += bytes.length + 1;
  }

  mark(): StreamMark {
    return {
      events: this.#events,
      bytes: this.#bytes,
      versions: Object.fromEntries([...this.#counts].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    };
  }
}

export const emptyMark: StreamMark = { events: 0, bytes: 0, versions: {} };

/** What `now` has more than `before`. */
export function countsSince(before: VersionCounts, now: VersionCounts): VersionCounts {
  return Object.fromEntries(
    Object.entries(now)
      .map(([key, count]) => [key, count - (before[key] ?? 0)] as const)
      .filter(([, count]) => count > 0),
  );
}
