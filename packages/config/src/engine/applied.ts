import { createHash } from "node:crypto";
import { type Change, contentKey, type Guard, Secret, SecretText } from "@slipway/model";
import { fail } from "../errors.ts";
import type { Seen } from "./evaluate.ts";
import type { Item } from "./items.ts";

/** A property that was seen to be true on the host. */
export interface AppliedItem {
  readonly id: string;
  readonly title: string;
  readonly about: string;
  /** ms since 1970, by the operator's clock. */
  readonly at: number;
  readonly by: string;
  /** Made true by us, rather than found so: only then it is taken back when it leaves the list. */
  readonly made: boolean;
  /** Stands for the values of its secrets: a salt, and the digest with it. */
  readonly secrets?: string;
}

/** What tells later whether the vault holds other values for an item; undefined for one without secrets. */
export function markOf(item: Item, digests: Seen["digests"], salt: string): string | undefined {
  if (item.claim.secrets.length === 0) return undefined;
  const values = item.claim.secrets.map((content) => digests[contentKey(content)] ?? "");
  return `${salt}:${createHash("sha256")
    .update(JSON.stringify([salt, values]))
    .digest("hex")}`;
}

/** How to take back what a property brought, as it was right after it was made true. */
export interface AppliedRemoval {
  readonly title: string;
  /** Ids of the items that it takes back. */
  readonly of: readonly string[];
  /** Ids of the items of its opposite: once they were seen true, there is nothing to take back. */
  readonly by: readonly string[];
  /** What its opposite is about: removals of the same things by themselves are part of it. */
  readonly about: readonly string[];
  readonly changes: readonly Change[];
  readonly guard?: Guard;
}

/** What a host knows of its last configuration; kept on the host itself. */
export interface Applied {
  /** Digest of all that was wanted when everything of it was seen to be true; otherwise empty. */
  readonly digest: string;
  /** Whose list it was; empty when anybody's may follow. */
  readonly list: string;
  readonly at: number;
  readonly by: string;
  readonly items: readonly AppliedItem[];
  readonly removals: readonly AppliedRemoval[];
}

export const nothingApplied: Applied = { digest: "", list: "", at: 0, by: "", items: [], removals: [] };

/** Stands for a host's whole list of properties. */
export const digestOf = (items: readonly Item[]): string =>
  createHash("sha256")
    .update(
      items
        .map((item) => item.id)
        .sort()
        .join("\n"),
    )
    .digest("hex")
    .slice(0, 32);

/**
 * Shell text that prints the record: its first line alone when it is about `digest`, as then nothing has left the list. With an
 * empty digest all of it.
 */
export const appliedScript = (digest: string): string => `if [ -r "$S/applied" ]; then
read -r a <"$S/applied"
case $a in *'"${digest || "all"}"'*) printf '%s\\n' "$a" ;; *) cat "$S/applied" ;; esac
fi`;

type Line = Pick<Applied, "digest" | "list" | "at" | "by"> | AppliedItem | AppliedRemoval;

/**
 * The record, when it is of this list or of nobody's. With `adopt` another list's record is put aside. Otherwise throws
 * `config.other-list`: all that the other list brought would be taken back.
 */
export function ofThisList(applied: Applied, host: string, list: string, adopt: boolean): Applied {
  if (applied.list === "" || list === "" || applied.list === list) return applied;
  if (adopt) return nothingApplied;
  throw fail(
    "config.other-list",
    `${host} was configured from the list of ${applied.list}, and this is the list of ${list}`,
  );
}

/** As text of one JSON line for the head, then one for each item and removal. Secrets are named, never written. */
export const writeApplied = ({ digest, list, at, by, items, removals }: Applied): string =>
  [{ digest, list, at, by }, ...items, ...removals].map((line: Line) => `${JSON.stringify(line)}\n`).join("");

const plainItem: AppliedItem = { id: "", title: "", about: "", at: 0, by: "", made: false };
const plainRemoval: AppliedRemoval = { title: "", of: [], by: [], about: [], changes: [] };
/** A line of an earlier kind, which had less in it. */
const whole = <T extends object>(plain: T, line: Partial<T>): T => ({ ...plain, ...line });

/** Understands what {@link appliedScript} printed. A record that is damaged or of a later kind counts as none. */
export function readApplied(text: string): Applied {
  try {
    const [head, ...rest] = text
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line) => JSON.parse(line, revived) as Line);
    if (head === undefined || !("digest" in head)) return nothingApplied;
    return {
      ...nothingApplied,
      ...head,
      items: rest.flatMap((line) => ("made" in line ? [whole(plainItem, line)] : [])),
      removals: rest.flatMap((line) => ("of" in line ? [whole(plainRemoval, line)] : [])),
    };
  } catch {
    return nothingApplied;
  }
}

/** Secrets come back from JSON as what they were. */
function revived(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if ("secret" in value && typeof value.secret === "string") return new Secret(value.secret);
  if ("text" in value && Array.isArray(value.text)) return new SecretText(value.text as readonly (string | Secret)[]);
  return value;
}

/** Something that is in the list no longer. */
export interface Orphan {
  readonly title: string;
  /** Ids of the applied items that go with it. */
  readonly of: readonly string[];
  /** Empty when it stays as it is, for the reason that `stays` tells. */
  readonly changes: readonly Change[];
  readonly guard?: Guard;
  readonly stays?: string;
}

/**
 * What was applied and is wanted no longer, the last made first. A property about something that another one is about now was replaced,
 * not removed. Pure.
 */
export function orphansOf(applied: Applied, items: readonly Item[]): readonly Orphan[] {
  const wanted = new Set(items.map((item) => item.id));
  const abouts = new Set(items.map((item) => item.claim.about));
  const gone = applied.items.filter((item) => !wanted.has(item.id) && !abouts.has(item.about));
  const ids = new Set(gone.map((item) => item.id));
  const byId = new Map(applied.items.map((item) => [item.id, item]));
  const place = new Map(applied.items.map((item, index) => [item.id, index]));
  const last = ({ of }: AppliedRemoval): number => Math.max(...of.map((id) => place.get(id) ?? -1));
  const orphans: (Orphan & { readonly of: string[] })[] = [];
  const covered = new Set<string>();
  /** What is taken back by now, and by which orphan. */
  const handled = new Map<string, Orphan & { readonly of: string[] }>();
  for (const removal of applied.removals.toSorted((a, b) => last(b) - last(a))) {
    const mine = removal.of.filter((id) => ids.has(id));
    if (mine.length === 0) continue;
    for (const id of mine) covered.add(id);
    const whole = mine.map((id) => handled.get(byId.get(id)?.about ?? ""));
    if (whole[0] !== undefined && !whole.includes(undefined)) {
      whole[0].of.push(...mine);
      continue;
    }
    const kept = removal.of.filter((id) => byId.has(id) && !ids.has(id) && !replaced(byId.get(id), wanted, abouts));
    const made = mine.some((id) => byId.get(id)?.made === true);
    const stays = kept.length > 0 ? "a part of it is still wanted" : made ? undefined : "it was so before";
    const orphan = {
      title: removal.title,
      of: [...mine],
      changes: stays === undefined ? removal.changes : [],
      ...(stays === undefined ? {} : { stays }),
      ...(stays !== undefined || removal.guard === undefined ? {} : { guard: removal.guard }),
    };
    if (stays === undefined) for (const about of removal.about) handled.set(about, orphan);
    orphans.push(orphan);
  }
  const bare = gone.filter((item) => !covered.has(item.id)).toReversed();
  return [
    ...bare.map(({ title, id, made }) => ({
      title,
      of: [id],
      changes: [],
      stays: made ? "it has no opposite" : "it was so before",
    })),
    ...orphans,
  ];
}

const replaced = (item: AppliedItem | undefined, wanted: ReadonlySet<string>, abouts: ReadonlySet<string>): boolean =>
  item !== undefined && !wanted.has(item.id) && abouts.has(item.about);

/** What is seen now of an item, for the next record. */
export interface SeenItem {
  readonly item: Item;
  readonly outcome: "ok" | "changed";
  readonly secrets?: string;
}

/** The next record: what was seen now, and of what was applied before all that is neither replaced nor taken back. Pure. */
export function nextApplied(
  before: Applied,
  now: {
    readonly seen: readonly SeenItem[];
    readonly removals: readonly AppliedRemoval[];
    /** Ids of what was taken back, or is left alone from now on. */
    readonly gone: ReadonlySet<string>;
    /** Ids of what a run made that was cut off before it could note so. */
    readonly made: ReadonlySet<string>;
    readonly digest: string;
    readonly list: string;
    readonly at: number;
    readonly by: string;
  },
): Applied {
  const old = new Map(before.items.map((item) => [item.id, item]));
  const madeAbouts = new Set(before.items.filter((item) => item.made).map((item) => item.about));
  const abouts = new Set(now.seen.map(({ item }) => item.claim.about));
  const ids = new Set(now.seen.map(({ item }) => item.id));
  const undone = before.removals.filter((one) => one.by.length > 0 && one.by.every((id) => ids.has(id)));
  const gone = new Set([...now.gone, ...undone.flatMap((one) => one.of)]);
  const kept = before.items.filter((item) => !ids.has(item.id) && !abouts.has(item.about) && !gone.has(item.id));
  const fresh = now.seen.map(({ item, outcome, secrets }): AppliedItem => {
    const known = old.get(item.id);
    const cutOff = now.made.has(item.id);
    if (outcome === "ok" && known !== undefined && (known.made || !cutOff)) return known;
    const { title, about } = item.claim;
    const made = outcome === "changed" || cutOff || madeAbouts.has(about);
    return { id: item.id, title, about, at: now.at, by: now.by, made, ...(secrets === undefined ? {} : { secrets }) };
  });
  const items = [...kept, ...fresh];
  const present = new Set(items.map((item) => item.id));
  const renewed = new Set(now.removals.flatMap((removal) => removal.of));
  const removals = [
    ...before.removals.filter((one) => one.of.some((id) => present.has(id)) && !one.of.some((id) => renewed.has(id))),
    ...now.removals,
  ];
  return { digest: now.digest, list: now.list, at: now.at, by: now.by, items, removals };
}
