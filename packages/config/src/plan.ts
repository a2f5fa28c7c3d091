import {
  type Change,
  type Command,
  commandLine,
  type Host,
  isCommand,
  isRemoval,
  isWrite,
  type Surroundings,
} from "@slipway/model";
import { type Evaluation, evaluate, overlaps, readingsOfItem, type Seen } from "./engine/evaluate.ts";
import { alone, type Item, itemsOf } from "./engine/items.ts";

/**
 * `ok`: seen to be so. `change`: these changes make it so. `unknown`: something that changes before may alter what has to be
 * done, so it is looked at again then. `skipped`: its condition does not hold on this host.
 */
export type PlanState = "ok" | "change" | "unknown" | "skipped";

export interface PlanItem {
  readonly property: string;
  /** Titles of the bundles it belongs to, outermost first. */
  readonly within: readonly string[];
  readonly state: PlanState;
  /** With `unknown`: what is waited for. */
  readonly until?: string;
  /** With `unknown`: what would be done as things stand now. */
  readonly changes: readonly Change[];
  readonly diff?: string;
}

export interface Plan {
  readonly host: string;
  readonly items: readonly PlanItem[];
}

/** Pure: what has to be done to a host that looks like `seen`. */
export function plan(host: Host, seen: Seen, around: Surroundings = alone(host)): Plan {
  const planned = new Map<string, { item: Item; state: PlanState }>();
  const items = itemsOf(host, around).map((item): PlanItem => {
    const made = planItem(item, seen, planned);
    planned.set(item.id, { item, state: made.state });
    return made;
  });
  return { host: host.name, items };
}

function planItem(item: Item, seen: Seen, planned: ReadonlyMap<string, { item: Item; state: PlanState }>): PlanItem {
  const base = { property: item.claim.title, within: item.within };
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

/** A change as one line for people; contents are not shown. */
export function formatChange(change: Change): string {
  if (isWrite(change)) {
    const size = typeof change.content === "string" ? `${Buffer.byteLength(change.content)} bytes` : "[secret]";
    return `write ${change.path} (${change.mode} ${change.owner}:${change.group}, ${size})`;
  }
  if (isRemoval(change)) return `remove ${change.remove}`;
  const text =
    commandLine(plain(isCommand(change) ? change : change.run))
      .replaceAll(/ -o \S+/g, "")
      .split("\n")[0] ?? "";
  return text.length > 160 ? `${text.slice(0, 157)}...` : text;
}

/** What a command is about, without the wrapping that makes it patient and calm. */
function plain(command: Command): Command {
  const [program, ...args] = command;
  if (program === "env") {
    const from = args.findIndex((arg) => !/^[A-Z_]+=/.test(arg));
    return plain(args.slice(from) as unknown as Command);
  }
  const [flag, script = "", , ...rest] = args;
  if (program === "sh" && flag === "-c" && script.includes('"$@"') && rest.length > 0)
    return plain(rest as unknown as Command);
  return command;
}

const signs = { ok: "=", change: "~", unknown: "?", skipped: "-" } as const;

/** A plan for people: what is as it should be in one line each, what is not with its changes. */
export function formatPlan(made: Plan, options: { readonly all?: boolean } = {}): string {
  const counts = { ok: 0, change: 0, unknown: 0, skipped: 0 };
  const lines: string[] = [];
  for (const item of made.items) {
    counts[item.state] += 1;
    if (options.all !== true && (item.state === "ok" || item.state === "skipped")) continue;
    lines.push(
      `  ${signs[item.state]} ${item.property}${item.until === undefined ? "" : ` (unknown until "${item.until}")`}`,
    );
    for (const change of item.changes) lines.push(`      ${formatChange(change)}`);
    if (item.diff !== undefined) lines.push(...item.diff.split("\n").map((line) => `      ${line}`));
  }
  const summary = [`${counts.ok} ok`, `${counts.change} to change`];
  if (counts.unknown > 0) summary.push(`${counts.unknown} unknown until then`);
  if (counts.skipped > 0) summary.push(`${counts.skipped} not applicable`);
  return [`${made.host}: ${summary.join(", ")}`, ...lines].join("\n");
}
