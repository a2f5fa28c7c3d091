import { hostname, userInfo } from "node:os";
import { type Change, type Clock, messageOf, type Secrets, type Surroundings } from "@slipway/model";
import { fail } from "../errors.ts";
import { formatChange } from "../plan.ts";
import type { ReportItem } from "../report.ts";
import {
  digestsOf,
  type Evaluation,
  evaluate,
  overlaps,
  type Reply,
  readingsOfItem,
  redact,
  repliesOf,
  type Seen,
} from "./evaluate.ts";
import type { Item } from "./items.ts";
import {
  batches,
  changePrologue,
  changeScript,
  defaultStateFolder,
  lockScript,
  type Revealed,
  readingScript,
} from "./script.ts";
import type { Session } from "./session.ts";

export type ApplyEvent =
  | { readonly type: "waiting"; readonly holder: string }
  | { readonly type: "observed"; readonly ms: number }
  | { readonly type: "changing"; readonly property: string; readonly changes: readonly string[] }
  | { readonly type: "item"; readonly item: ReportItem };

export interface ApplyOptions {
  readonly secrets?: Secrets;
  /** Ends the run between two changes; one that runs is left to finish on the host. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly onEvent?: (event: ApplyEvent) => void;
  /** Titles of properties or bundles: only these and what they need. */
  readonly only?: readonly string[];
  /** How long a lock that somebody else holds is waited for. Default 5. A run that was cut off is always waited for. */
  readonly lockWaitSeconds?: number;
  /** The platform's other hosts, for properties that are derived from them. Default: this host alone. */
  readonly around?: Surroundings;
  /** Shown to others while this run holds the lock. Default: user, machine and process. */
  readonly holder?: string;
  /** Folder on the host for the lock and for what must follow a change. Default /var/lib/slipway/config. */
  readonly stateFolder?: string;
}

/** One pass over the items of a host. */
export class Run {
  readonly done = new Map<string, ReportItem>();
  #replies: Record<string, Reply> = {};
  #pending: readonly string[] = [];
  /** What was made in one go with an item before, by item. */
  readonly #along = new Map<string, readonly Change[]>();
  #inOneGo = true;
  readonly #items: readonly Item[];
  readonly #revealed: Revealed;
  readonly #digests: Record<string, string>;
  readonly #session: Session;
  readonly #clock: Clock;
  readonly #options: ApplyOptions;

  constructor(items: readonly Item[], revealed: Revealed, session: Session, clock: Clock, options: ApplyOptions) {
    this.#items = items;
    this.#revealed = revealed;
    this.#digests = digestsOf(items, revealed);
    this.#session = session;
    this.#clock = clock;
    this.#options = options;
  }

  get #seen(): Seen {
    return { replies: this.#replies, pending: this.#pending, digests: this.#digests };
  }

  /** Takes the lock and reads everything, in one round trip. */
  async observe(name: string): Promise<void> {
    const from = this.#clock.monotonic();
    const all = batches(this.#items.flatMap(readingsOfItem));
    const holder = this.#options.holder ?? `${userInfo().username}@${hostname()} (process ${process.pid})`;
    const folder = this.#options.stateFolder ?? defaultStateFolder;
    const body = [
      changePrologue,
      lockScript(folder, holder, this.#options.lockWaitSeconds ?? 5),
      readingScript(all),
    ].join("\n");
    let lockedBy: string | undefined;
    const frames = await this.#session
      .exchange(body, (frame) => {
        if (frame.name === "waiting") this.#options.onEvent?.({ type: "waiting", holder: frame.text.trim() });
        if (frame.name === "lock" && frame.status !== 0) lockedBy = frame.text.trim() || "somebody";
      })
      .catch((thrown: unknown) => {
        throw lockedBy === undefined ? thrown : fail("config.locked", `${name} is being configured by ${lockedBy}`);
      });
    this.#replies = repliesOf(all, frames);
    this.#pending =
      frames
        .find((frame) => frame.name === "pending")
        ?.text.split("\n")
        .filter((line) => line !== "") ?? [];
    this.#options.onEvent?.({ type: "observed", ms: this.#clock.monotonic() - from });
  }

  /** Makes one item true: change and reading what the change may have touched are one round trip. */
  async make(item: Item): Promise<void> {
    const from = this.#clock.monotonic();
    const report = (outcome: ReportItem["outcome"], changes: readonly Change[], error?: string): void => {
      const base = { property: item.claim.title, within: item.within, outcome, ms: this.#clock.monotonic() - from };
      const made = { ...base, changes: changes.map(formatChange), ...(error === undefined ? {} : { error }) };
      this.done.set(item.id, made);
      this.#options.onEvent?.({ type: "item", item: made });
    };
    const missing = [...item.needs]
      .map((id) => this.done.get(id))
      .find((one) => one?.outcome === "failed" || one?.outcome === "blocked");
    if (missing !== undefined) return report("blocked", [], `it needs "${missing.property}"`);
    let found: Evaluation;
    try {
      found = evaluate(item, this.#seen);
    } catch (thrown) {
      return report("failed", [], redact(messageOf(thrown), this.#revealed));
    }
    if (!found.applies) return report("skipped", []);
    const follows = item.follows.size > 0;
    if (follows && !this.#due(item)) return report("ok", []);
    const along = this.#along.get(item.id);
    if (found.changes.length === 0 && along !== undefined) return report("changed", along);
    if (found.changes.length === 0 && !(follows && this.#pending.includes(item.id))) return report("ok", []);
    if (await this.#makeInOneGo(item, found)) return report("changed", found.changes);
    this.#options.onEvent?.({ type: "changing", property: item.claim.title, changes: found.changes.map(formatChange) });
    const failure = await this.#change(item, found.changes);
    report(failure !== undefined ? "failed" : found.changes.length === 0 ? "ok" : "changed", found.changes, failure);
  }

  /**
   * Makes an item true together with all later ones of its kind that need nothing which is not there yet: one apt-get instead
   * of many. False when there are none, or when it failed; then each is made alone, so that the failure finds its property.
   */
  async #makeInOneGo(item: Item, found: Evaluation): Promise<boolean> {
    const { bulk } = item.claim;
    if (bulk === undefined || found.subjects === undefined || item.follows.size > 0 || !this.#inOneGo) return false;
    const subjects = new Set(found.subjects);
    const peers: { readonly item: Item; readonly changes: readonly Change[] }[] = [];
    for (const other of this.#items) {
      if (other === item || other.claim.bulk?.kind !== bulk.kind || this.done.has(other.id)) continue;
      if (other.follows.size > 0 || ![...other.needs].every((id) => this.#holds(id))) continue;
      const wants = this.#tryEvaluate(other);
      if (wants?.subjects === undefined) continue;
      for (const subject of wants.subjects) subjects.add(subject);
      peers.push({ item: other, changes: wants.changes });
    }
    if (peers.length === 0) return false;
    const changes = bulk.plan([...subjects].sort());
    this.#options.onEvent?.({ type: "changing", property: item.claim.title, changes: changes.map(formatChange) });
    const others = peers.map((peer) => peer.item);
    this.#inOneGo = (await this.#change(item, changes, others)) === undefined;
    if (this.#inOneGo) for (const peer of peers) this.#along.set(peer.item.id, peer.changes);
    return this.#inOneGo;
  }

  #holds(id: string): boolean {
    const outcome = this.done.get(id)?.outcome;
    return outcome === "ok" || outcome === "changed" || outcome === "skipped";
  }

  #tryEvaluate(item: Item): Evaluation | undefined {
    try {
      const found = evaluate(item, this.#seen);
      return found.applies ? found : undefined;
    } catch {
      // It is told when its turn comes.
      return undefined;
    }
  }

  #due(item: Item): boolean {
    return this.#pending.includes(item.id) || [...item.follows].some((id) => this.done.get(id)?.outcome === "changed");
  }

  /** Undefined when it went well and was seen to; otherwise why not. */
  async #change(item: Item, changes: readonly Change[], others: readonly Item[] = []): Promise<string | undefined> {
    const sources = [item, ...others];
    const followers = this.#items
      .filter((one) => sources.some((source) => one.follows.has(source.id)))
      .map((one) => one.id);
    const clear = item.follows.size > 0 ? item.id : undefined;
    const touched = this.#items.flatMap(readingsOfItem).filter((reading) => overlaps(reading.reads, item.claim.writes));
    const all = batches([...readingsOfItem(item), ...touched]);
    const script = changeScript(changes, {
      mark: followers,
      revealed: this.#revealed,
      ...(clear === undefined ? {} : { clear }),
    });
    const frames = await this.#session.exchange(`${script}\n${readingScript(all)}`);
    this.#replies = { ...this.#replies, ...repliesOf(all, frames) };
    this.#pending = [...this.#pending, ...followers].filter((id) => id !== clear);
    const outcome = frames.find((frame) => /^c\d+$/.test(frame.name));
    if (outcome === undefined) return "the host gave no answer to the change";
    if (outcome.status !== 0) {
      const tried = changes[Number(outcome.name.slice(1))];
      const said = redact(outcome.text.trim(), this.#revealed).split("\n").slice(-30).join("\n");
      return `exit status ${outcome.status} of: ${tried === undefined ? "noting what has to follow" : formatChange(tried)}${said === "" ? "" : `\n${said}`}`;
    }
    if (item.claim.action) return undefined;
    return this.#stillOpen(item, "was done, but is not seen");
  }

  #stillOpen(item: Item, why: string): string | undefined {
    try {
      const after = evaluate(item, this.#seen);
      if (!after.applies || after.changes.length === 0) return undefined;
      const diff = after.diff === undefined ? "" : `\n${after.diff}`;
      return `it ${why}; still to do: ${after.changes.map(formatChange).join("; ")}${redact(diff, this.#revealed)}`;
    } catch (thrown) {
      return redact(messageOf(thrown), this.#revealed);
    }
  }

  /** What was true once must still be seen after everything else was changed. */
  confirm(): void {
    for (const item of this.#items) {
      const reported = this.done.get(item.id);
      if (item.claim.action || item.follows.size > 0 || (reported?.outcome !== "ok" && reported?.outcome !== "changed"))
        continue;
      const error = this.#stillOpen(item, "was true, but another property undid it");
      if (error !== undefined) this.done.set(item.id, { ...reported, outcome: "failed", error });
    }
  }
}
