import { randomBytes } from "node:crypto";
import { type AnyProperty, type Change, type Clock, type Host, quote, type Surroundings } from "@slipway/model";
import {
  type AppliedRemoval,
  appliedScript,
  digestOf,
  markOf,
  nextApplied,
  orphansOf,
  readApplied,
  type SeenItem,
  writeApplied,
} from "./applied.ts";
import { evaluate, readingsOfItem, repliesOf, type Seen } from "./evaluate.ts";
import { endOfFrame } from "./frames.ts";
import { type Item, itemsOf, type Removal } from "./items.ts";
import { type ApplyOptions, holderOf, listOf, takesBack } from "./options.ts";
import type { Run } from "./run.ts";
import { batches, readingKey, readingScript } from "./script.ts";

/** Takes back what left the list. Gives the ids that are done with: taken back, or left alone from now on. */
export async function takeBack(run: Run, clock: Clock, options: ApplyOptions): Promise<ReadonlySet<string>> {
  const gone = new Set<string>();
  for (const orphan of orphansOf(run.state.applied, run.state.subject.items)) {
    options.signal?.throwIfAborted();
    const from = clock.monotonic();
    const id = `gone-${orphan.of[0] ?? ""}`;
    const stays = options.removed === "forget" ? "it is left for good" : orphan.stays;
    const changes = stays === undefined ? orphan.changes : [];
    const failure =
      changes.length === 0
        ? undefined
        : await run.attempt({
            id,
            changes,
            writes: ["*"],
            reboots: false,
            restores: true,
            mark: [],
            made: [],
            reads: undefined,
            ...(orphan.guard === undefined ? {} : { guard: orphan.guard }),
          });
    run.report(id, {
      property: orphan.title,
      within: [stays === undefined ? "no longer in the list" : `no longer in the list, stays: ${stays}`],
      outcome: failure !== undefined ? "failed" : changes.length === 0 ? "kept" : "changed",
      ms: clock.monotonic() - from,
      changes,
      ...(failure === undefined ? {} : { error: failure }),
    });
    await run.liftGuards();
    if (failure === undefined) for (const one of orphan.of) gone.add(one);
  }
  return gone;
}

/**
 * Notes on the host what was seen to be true, and how to take back what was made; nothing when it says so already. That it cannot be
 * noted is reported as a failure.
 */
export async function record(run: Run, clock: Clock, options: ApplyOptions, gone: ReadonlySet<string>): Promise<void> {
  const { state } = run;
  const { host, around, items } = state.subject;
  const seen = items.flatMap((item): readonly SeenItem[] => {
    const outcome = run.done.get(item.id)?.outcome;
    if (item.claim.action || (outcome !== "ok" && outcome !== "changed")) return [];
    const secrets = markOf(item, state.seen.digests, randomBytes(8).toString("hex"));
    return [{ item, outcome, ...(secrets === undefined ? {} : { secrets }) }];
  });
  const all = [...run.done.values()];
  const whole = takesBack(options) && all.every((one) => one.outcome !== "failed" && one.outcome !== "blocked");
  const digest = whole ? digestOf(items) : "";
  const news = all.some((one) => one.outcome === "changed") || gone.size > 0 || state.unrecorded.size > 0;
  if (!news && digest !== "" && state.applied.digest === digest) return;
  if (!news && digest === "" && state.applied.items.length > 0) return;
  // Of a record about the same list only the head was read.
  const before =
    state.applied.digest !== "" && state.applied.items.length === 0
      ? readApplied(
          (await run.ask(`${appliedScript("")}\n${endOfFrame("applied", "0")}`)).find(
            (frame) => frame.name === "applied",
          )?.text ?? "",
        )
      : state.applied;
  const removals = await removalsOf({ host, around }, seen, state.seen, run);
  const text = writeApplied(
    nextApplied(before, {
      seen,
      removals,
      gone,
      made: state.unrecorded,
      digest,
      list: takesBack(options) || before.list === "" ? listOf(host, options) : before.list,
      at: clock.now(),
      by: holderOf(options),
    }),
  );
  const encoded = Buffer.from(text, "utf8").toString("base64");
  const from = clock.monotonic();
  const frames = await run.ask(
    `{ (umask 077 && printf %s ${quote(encoded)} | base64 -d >"$S/applied.new") && sync "$S/applied.new" && mv -fT "$S/applied.new" "$S/applied" && rm -f "$S/made"; } 2>&1\n${endOfFrame("recorded")}`,
  );
  const noted = frames.find((frame) => frame.name === "recorded");
  if (noted?.status === 0) return;
  // Without it nothing of this run could be taken back later, which nobody would know.
  run.report("record", {
    property: "what was applied is noted on the host",
    within: [],
    outcome: "failed",
    ms: clock.monotonic() - from,
    changes: [],
    error: `${state.folder}/applied could not be written: ${noted?.text.trim() || "the disk may be full"}`,
  });
}

interface Place {
  readonly host: Host;
  readonly around: Surroundings;
}

/** How to take back what is true now, read once more where the opposite looks at other things. */
async function removalsOf(
  place: Place,
  seen: readonly SeenItem[],
  known: Seen,
  run: Run,
): Promise<readonly AppliedRemoval[]> {
  const groups = new Map<AnyProperty, { readonly removal: Removal; readonly of: Item[] }>();
  for (const { item } of seen) {
    if (item.removal === undefined) continue;
    const group = groups.get(item.removal.opposite) ?? { removal: item.removal, of: [] };
    group.of.push(item);
    groups.set(item.removal.opposite, group);
  }
  const planned = [...groups.values()].map(({ removal, of }) => ({
    removal,
    of,
    items: itemsOf({ ...place.host, has: [removal.opposite] }, place.around),
  }));
  const missing = planned
    .flatMap(({ items }) => items)
    .flatMap(readingsOfItem)
    .filter((reading) => known.replies[readingKey(reading)] === undefined);
  const more = batches(missing);
  const replies = more.length === 0 ? {} : repliesOf(more, await run.ask(readingScript(more)));
  const now: Seen = { ...known, replies: { ...known.replies, ...replies }, pending: [] };
  return planned.map(({ removal, of, items }): AppliedRemoval => {
    const guard =
      items.find((item) => item.guard !== undefined)?.guard ?? of.find((item) => item.guard !== undefined)?.guard;
    return {
      title: removal.title,
      of: of.map((item) => item.id),
      by: items.filter((item) => !item.claim.action).map((item) => item.id),
      about: items.map((item) => item.claim.about),
      changes: undoing(items, now),
      ...(guard === undefined ? {} : { guard }),
    };
  });
}

/** The changes of all items in their order; those that follow others come along when one of them changes something. */
function undoing(items: readonly Item[], seen: Seen): readonly Change[] {
  const changing = new Set<string>();
  return items.flatMap((item) => {
    if (item.follows.size > 0 && ![...item.follows].some((id) => changing.has(id))) return [];
    let changes: readonly Change[] = [];
    try {
      changes = evaluate(item, seen).changes;
    } catch {
      // What cannot be read of something that is there now has nothing to take back.
    }
    if (changes.length > 0) changing.add(item.id);
    return changes;
  });
}
