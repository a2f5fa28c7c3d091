import { type Change, type Host, isRemoval, messageOf, type Surroundings } from "@slipway/model";
import { orphansOf } from "./engine/applied.ts";
import { chosen } from "./engine/chosen.ts";
import { type Evaluation, evaluate, overlaps, readingsOfItem, type Seen } from "./engine/evaluate.ts";
import { alone, type Item, itemsOf } from "./engine/items.ts";
import { formatChange } from "./format-change.ts";

/**
 * `ok`: seen to be so. `change`: these changes make it so. `unknown`: something that changes before may alter what has to be
 * done, so it is looked at again then. `skipped`: its condition does not hold on this host, or it is a second choice. `remove`: it is in
 * the list no longer and is taken back. `kept`: it is in the list no longer and stays, for the reason that `until` tells. `unreadable`: the
 * host's answer was not understood, as `until` tells.
 */
export type PlanState = "ok" | "change" | "unknown" | "skipped" | "remove" | "kept" | "unreadable";

export interface PlanItem {
  /** The same for the same property in every plan. */
  readonly id: string;
  readonly property: string;
  /** Titles of the bundles it belongs to, outermost first. */
  readonly within: readonly string[];
  readonly state: PlanState;
  /** With `unknown`: what is waited for. With `kept` and `unreadable`: why. */
  readonly until?: string;
  /** With `unknown`: what would be done as things stand now. */
  readonly changes: readonly Change[];
  readonly diff?: string;
}

export interface Plan {
  readonly host: string;
  readonly items: readonly PlanItem[];
}

export interface PlanOptions {
  /** Titles of properties or bundles: only these and what they need. Nothing is taken back then. */
  readonly only?: readonly string[];
}

/** Pure: what has to be done to a host that looks like `seen`. What is taken back comes first, as it is when the plan is applied. */
export function plan(host: Host, seen: Seen, around: Surroundings = alone(host), { only }: PlanOptions = {}): Plan {
  const planned = new Map<string, { item: Item; state: PlanState }>();
  const all = chosen(itemsOf(host, around), only);
  const items = all.map((item): PlanItem => {
    const made = readable(item, seen, planned);
    planned.set(item.id, { item, state: made.state });
    return made;
  });
  const gone = (only === undefined ? orphansOf(seen.applied, all) : []).map(
    ({ title, of, changes, stays }): PlanItem => ({
      id: `gone-${of[0] ?? ""}`,
      property: title,
      within: [],
      state: stays === undefined ? "remove" : "kept",
      changes,
      ...(stays === undefined ? {} : { until: stays }),
    }),
  );
  return { host: host.name, items: [...gone, ...items] };
}

/** One answer that cannot be understood spoils no other item. */
function readable(item: Item, seen: Seen, planned: Parameters<typeof planItem>[2]): PlanItem {
  try {
    return planItem(item, seen, planned);
  } catch (thrown) {
    const { claim, within, id } = item;
    return { id, property: claim.title, within, state: "unreadable", until: messageOf(thrown), changes: [] };
  }
}

function planItem(item: Item, seen: Seen, planned: ReadonlyMap<string, { item: Item; state: PlanState }>): PlanItem {
  const base = { id: item.id, property: item.claim.title, within: item.within };
  // A second choice waits for the first one to fail, which no plan can tell.
  if (item.instead.size > 0) return { ...base, state: "skipped", changes: [] };
  const open = [...item.needs]
    .map((id) => planned.get(id))
    .filter((one) => one?.state === "change" || one?.state === "unknown");
  const reads = readingsOfItem(item).flatMap((reading) => reading.reads ?? ["*"]);
  const until = open.find(
    (one) => one !== undefined && !item.follows.has(one.item.id) && overlaps(reads, one.item.claim.writes),
  );
  if (until !== undefined) {
    let tentative: Evaluation = { applies: true, changes: [] };
    try {
      tentative = evaluate(item, seen);
    } catch {
      // What is there now cannot be read because what it needs is not there yet.
    }
    return { ...base, state: "unknown", until: until.item.claim.title, changes: tentative.changes };
  }
  const found = evaluate(item, seen);
  if (!found.applies) return { ...base, state: "skipped", changes: [] };
  if (item.follows.size > 0 && !seen.pending.includes(item.id)) {
    const sources = [...item.follows].map((id) => planned.get(id));
    const source = sources.find((one) => one?.state === "change") ?? sources.find((one) => one?.state === "unknown");
    if (source === undefined) return { ...base, state: "ok", changes: [] };
    if (source.state === "unknown")
      return { ...base, state: "unknown", until: source.item.claim.title, changes: found.changes };
  }
  if (found.changes.length === 0) return { ...base, state: "ok", changes: [] };
  return {
    ...base,
    state: "change",
    changes: found.changes,
    ...(found.diff === undefined ? {} : { diff: found.diff }),
  };
}

const signs = { ok: "=", change: "~", unknown: "?", skipped: ".", remove: "-", kept: "!", unreadable: "x" } as const;

/** A plan for people: what is as it should be in one line each, what is not with its changes. */
export function formatPlan(made: Plan, options: { readonly all?: boolean } = {}): string {
  const counts = { ok: 0, change: 0, unknown: 0, skipped: 0, remove: 0, kept: 0, unreadable: 0 };
  const lines: string[] = [];
  for (const item of made.items) {
    counts[item.state] += 1;
    if (options.all !== true && (item.state === "ok" || item.state === "skipped")) continue;
    lines.push(`  ${signs[item.state]} ${item.property}${reason(item)}`);
    for (const change of item.changes) {
      const back = item.state === "remove" && isRemoval(change) ? ", or put back what stood there before" : "";
      lines.push(`      ${formatChange(change)}${back}`);
    }
    if (item.diff !== undefined) lines.push(...item.diff.split("\n").map((line) => `      ${line}`));
  }
  const summary = [`${counts.ok} ok`, `${counts.change} to change`];
  if (counts.unknown > 0) summary.push(`${counts.unknown} unknown until then`);
  if (counts.remove > 0) summary.push(`${counts.remove} to take back`);
  if (counts.kept > 0) summary.push(`${counts.kept} no longer in the list but kept`);
  if (counts.unreadable > 0) summary.push(`${counts.unreadable} not understood`);
  if (counts.skipped > 0) summary.push(`${counts.skipped} not applicable`);
  return [`${made.host}: ${summary.join(", ")}`, ...lines].join("\n");
}

function reason({ state, until }: PlanItem): string {
  if (state === "remove") return " (no longer in the list)";
  if (until === undefined) return "";
  if (state === "unreadable") return `: ${until}`;
  return state === "kept" ? ` (no longer in the list; ${until})` : ` (unknown until "${until}")`;
}
