import { type Host, messageOf, type Surroundings } from "@slipway/model";
import { markOf, orphansOf } from "./engine/applied.ts";
import { evaluate, type Seen } from "./engine/evaluate.ts";
import { alone, type Item, itemsOf } from "./engine/items.ts";

/**
 * `ok`: as applied and as wanted. `host changed`: applied as it is wanted, but the host is otherwise now. `file changed`: something else
 * was applied than is wanted now. `never applied`: new in the list. `in the list no longer`: applied, and not wanted any more.
 * `unreadable`: the host's answer was not understood.
 */
export type DriftKind =
  | "ok"
  | "host changed"
  | "file changed"
  | "never applied"
  | "in the list no longer"
  | "unreadable";

/** One property: what was applied last, what is seen, what is wanted. */
export interface DriftItem {
  readonly property: string;
  readonly kind: DriftKind;
  /** What was applied last about the same thing. */
  readonly applied?: { readonly property: string; readonly at: number; readonly by: string };
  /** How what is seen differs from what is wanted, when the property can tell. */
  readonly difference?: string;
}

export interface Drift {
  readonly host: string;
  /** When the last run ended that saw everything of its list true; 0 when none did. */
  readonly appliedAt: number;
  readonly appliedBy: string;
  readonly items: readonly DriftItem[];
}

/** Compares what was applied last, what is seen and what is wanted. Pure. */
export function drift(host: Host, seen: Seen, around: Surroundings = alone(host)): Drift {
  const { applied } = seen;
  const items = itemsOf(host, around);
  const byId = new Map(applied.items.map((item) => [item.id, item]));
  const byAbout = new Map(applied.items.map((item) => [item.about, item]));
  const compared = items.flatMap((item): readonly DriftItem[] => {
    if (item.claim.action || item.follows.size > 0 || item.instead.size > 0) return [];
    const same = byId.get(item.id);
    const before = same ?? byAbout.get(item.claim.about);
    const base = {
      property: item.claim.title,
      ...(before === undefined ? {} : { applied: { property: before.title, at: before.at, by: before.by } }),
    };
    const found = look(item, seen);
    if (found === undefined) return [];
    if (found.unreadable !== undefined) return [{ ...base, kind: "unreadable", difference: found.unreadable }];
    const difference = found.difference === undefined ? {} : { difference: found.difference };
    if (found.open && same?.secrets !== undefined) {
      const mark = markOf(item, seen.digests, same.secrets.split(":")[0] ?? "");
      if (mark !== same.secrets)
        return [{ ...base, kind: "file changed", difference: "~ [secret]: the vault holds another value" }];
    }
    if (found.open) {
      const kind = same !== undefined ? "host changed" : before !== undefined ? "file changed" : "never applied";
      return [{ ...base, kind, ...difference }];
    }
    return [{ ...base, kind: "ok" }];
  });
  const gone = orphansOf(applied, items).map(({ title, of, stays }): DriftItem => {
    const item = of[0] === undefined ? undefined : byId.get(of[0]);
    return {
      property: item?.title ?? title,
      kind: "in the list no longer",
      ...(item === undefined ? {} : { applied: { property: item.title, at: item.at, by: item.by } }),
      difference: stays === undefined ? `the next run: ${title}` : `it stays: ${stays}`,
    };
  });
  return { host: host.name, appliedAt: applied.at, appliedBy: applied.by, items: [...compared, ...gone] };
}

interface Look {
  readonly open: boolean;
  readonly difference?: string;
  readonly unreadable?: string;
}

/** Undefined where the property does not apply. */
function look(item: Item, seen: Seen): Look | undefined {
  try {
    const found = evaluate(item, seen);
    if (!found.applies) return undefined;
    return { open: found.changes.length > 0, ...(found.diff === undefined ? {} : { difference: found.diff }) };
  } catch (thrown) {
    return { open: true, unreadable: messageOf(thrown) };
  }
}

/** Drift for people: what is not as it was applied and is wanted. */
export function formatDrift(found: Drift): string {
  const open = found.items.filter((item) => item.kind !== "ok");
  const when =
    found.appliedAt === 0
      ? "never applied"
      : `last applied ${new Date(found.appliedAt).toISOString()} by ${found.appliedBy}`;
  const lines = open.flatMap((item) => [
    `  ${item.kind}: ${item.property}`,
    ...(item.applied === undefined || item.kind === "never applied"
      ? []
      : [`      applied: ${item.applied.property}, ${new Date(item.applied.at).toISOString()} by ${item.applied.by}`]),
    ...(item.difference === undefined ? [] : item.difference.split("\n").map((line) => `      ${line}`)),
  ]);
  return [
    `${found.host}: ${open.length === 0 ? "no drift" : open.length === 1 ? "1 differs" : `${open.length} differ`} (${when})`,
    ...lines,
  ].join("\n");
}
