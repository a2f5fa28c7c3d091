import { createHash } from "node:crypto";
import {
  type Change,
  contentKey,
  type Fact,
  filled,
  type Host,
  type Known,
  type Mask,
  mask,
  messageOf,
  type Reading,
  readingsOf,
  type Secrets,
  secretsIn,
} from "@slipway/model";
import { fail } from "../errors.ts";
import type { Applied } from "./applied.ts";
import type { Frame } from "./frames.ts";
import type { Item } from "./items.ts";
import { type Batch, type Revealed, readingKey } from "./script.ts";

export interface Reply {
  readonly status: number;
  readonly stdout: string;
}

/** All that was read from a host at once: plain data. It may hold digests of secrets, so it is for memory, not for logs. */
export interface Seen {
  /** Reading → its answer. */
  readonly replies: Readonly<Record<string, Reply>>;
  /** What an earlier run changed without doing what has to follow. */
  readonly pending: readonly string[];
  /** Content with secrets, by its key → SHA-256 of its value. */
  readonly digests: Readonly<Record<string, string>>;
  /** What the host says was applied before. */
  readonly applied: Applied;
}

/** Everything that has to be read to plan an item. */
export const readingsOfItem = (item: Item): readonly Reading<unknown>[] => [
  ...readingsOf(item.claim.observe),
  ...item.conditions.flatMap((condition) => readingsOf(condition.observe)),
];

/** Whether a change that touches `writes` may alter what `reads` names. */
export function overlaps(reads: readonly string[] | undefined, writes: readonly string[]): boolean {
  const covers = (pattern: string, name: string): boolean =>
    pattern === name || (pattern.endsWith("*") && name.startsWith(pattern.slice(0, -1)));
  return (reads ?? ["*"]).some((read) => writes.some((write) => covers(read, write) || covers(write, read)));
}

/** The answers of a reading script, by reading. */
export function repliesOf(all: readonly Batch[], frames: readonly Frame[]): Record<string, Reply> {
  const byName = new Map(frames.map((frame) => [frame.name, frame]));
  const replies: Record<string, Reply> = {};
  all.forEach((batch, index) => {
    const frame = byName.get(`r${index}`);
    if (frame === undefined) return;
    for (const reading of batch.readings) replies[readingKey(reading)] = { status: frame.status, stdout: frame.text };
  });
  return replies;
}

/** What an item wants done on a host as seen. */
export interface Evaluation {
  /** False where one of its conditions does not hold. */
  readonly applies: boolean;
  /** For an action: what it would do when something it follows changes. */
  readonly changes: readonly Change[];
  readonly diff?: string;
  /** With changes that can be made in one go with others: what is missing. */
  readonly subjects?: readonly string[];
}

/** Pure. Throws `config.unreadable` when an answer cannot be understood. */
export function evaluate(item: Item, seen: Seen): Evaluation {
  const known: Known = { digest: (content) => seen.digests[contentKey(content)] };
  const { claim } = item;
  try {
    for (const condition of item.conditions) {
      if (!condition.holds(valueIn(condition.observe, seen) as never)) return { applies: false, changes: [] };
    }
    const value = valueIn(claim.observe, seen) as never;
    const changes = claim.plan(value, known);
    const diff = changes.length === 0 ? undefined : claim.diff?.(value);
    const subjects = changes.length === 0 ? undefined : claim.bulk?.subjects(value);
    return {
      applies: true,
      changes,
      ...(diff === undefined ? {} : { diff }),
      ...(subjects === undefined ? {} : { subjects }),
    };
  } catch (cause) {
    throw fail("config.unreadable", `cannot tell whether "${claim.title}": ${messageOf(cause)}`, { cause });
  }
}

/** What a fact says in the answers. Throws when there is none, and what its `parse` throws. */
export function valueIn(fact: Fact<unknown>, seen: Pick<Seen, "replies">): unknown {
  const values = readingsOf(fact).map((reading) => {
    const reply = seen.replies[readingKey(reading)];
    if (reply === undefined) throw new Error(`nothing was read of ${reading.read.join(" ").split("\n")[0]}`);
    return reading.parse(reply.stdout, reply.status);
  });
  return "together" in fact ? fact.combine(values) : values[0];
}

/** Opens the secrets that a host's items need. Throws `config.no-secrets`, or what the vault throws. */
export async function reveal(
  host: Pick<Host, "name">,
  items: readonly Item[],
  secrets: Secrets | undefined,
): Promise<Revealed> {
  const wanted = new Map(
    items.flatMap((item) => item.claim.secrets.flatMap(secretsIn)).map((secret) => [secret.name, secret]),
  );
  if (wanted.size === 0) return new Map();
  if (secrets === undefined) {
    throw fail(
      "config.no-secrets",
      `${host.name} needs the secrets ${[...wanted.keys()].join(", ")}, but no vault was given`,
    );
  }
  const values = await Promise.all(
    [...wanted.values()].map(async (secret) => [secret.name, await secrets.reveal(secret)] as const),
  );
  return new Map(values);
}

/** SHA-256 of every content with secrets in it that the items name, by its key. */
export const digestsOf = (items: readonly Item[], revealed: Revealed): Record<string, string> =>
  Object.fromEntries(
    items
      .flatMap((item) => item.claim.secrets)
      .map((content) => {
        const value = filled(content, (secret) => revealed.get(secret.name) ?? "");
        return [contentKey(content), createHash("sha256").update(value).digest("hex")];
      }),
  );

/** Making one costs more than most texts, and output comes line by line. */
const masks = new WeakMap<Revealed, Mask>();

/** Takes every secret out of text that came from a host, in every form that a {@link mask} knows. `revealed` does not change any more. */
export function redact(text: string, revealed: Revealed): string {
  const known = masks.get(revealed) ?? mask(revealed.values());
  masks.set(revealed, known);
  return known.text(text);
}
