import { type Change, type Clock, type Guard, messageOf } from "@slipway/model";
import { fail } from "../errors.ts";
import { formatChange } from "../format-change.ts";
import type { ReportItem } from "../report.ts";
import { changeScript } from "./change-script.ts";
import { type Evaluation, evaluate, overlaps, readingsOfItem } from "./evaluate.ts";
import type { Frame } from "./frames.ts";
import { GuardPost } from "./guard-post.ts";
import { armScript, guardId, settleScript } from "./guard-script.ts";
import { HostState, type Subject } from "./host-state.ts";
import type { Item } from "./items.ts";
import { type Link, LinkLost } from "./link.ts";
import type { LastChange } from "./lock-script.ts";
import type { ApplyOptions } from "./options.ts";
import { batches, readingScript } from "./script.ts";

/** How often one change may lose its link before the run gives up. */
const losses = 5;

/** What is tried at once on the host: an item's changes, or those that take something back. */
interface Attempt {
  readonly id: string;
  readonly changes: readonly Change[];
  readonly guard?: Guard;
  /** What the changes may touch. */
  readonly writes: readonly string[];
  readonly reboots: boolean;
  readonly restores: boolean;
  /** What has to follow, and what is done by it. */
  readonly mark: readonly string[];
  readonly clear?: string;
  readonly made: readonly string[];
  readonly reads: Item | undefined;
}

/** One pass over the items of a host. */
export class Run {
  readonly done = new Map<string, ReportItem>();
  readonly state: HostState;
  readonly guards: GuardPost;
  /** First choices that failed and have a second one. */
  readonly #gaveUp = new Set<string>();
  /** What was made in one go with an item before, by item. */
  readonly #along = new Map<string, readonly Change[]>();
  readonly #firstChoices: ReadonlySet<string>;
  #inOneGo = true;
  readonly #items: readonly Item[];
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #options: ApplyOptions;

  constructor(subject: Subject, link: Link, clock: Clock, options: ApplyOptions) {
    this.state = new HostState(subject, options);
    this.#items = subject.items;
    this.#firstChoices = new Set(subject.items.flatMap((item) => [...item.instead]));
    this.#link = link;
    this.#clock = clock;
    this.#options = options;
    this.guards = new GuardPost(this.state.folder, link, clock, options);
  }

  /** Notes how something ended and tells it. */
  report(id: string, how: Omit<ReportItem, "changes"> & { readonly changes: readonly Change[] }): void {
    const made = { ...how, changes: how.changes.map(formatChange) };
    this.done.set(id, made);
    this.#options.onEvent?.({ type: "item", item: made });
  }

  /** Takes the lock and reads everything, in one round trip; again when the link breaks on the way. */
  async observe(): Promise<LastChange | undefined> {
    const from = this.#clock.monotonic();
    for (let attempt = 1; ; attempt += 1) {
      try {
        const last = await this.state.observe(this.#link);
        this.#options.onEvent?.({ type: "observed", ms: this.#clock.monotonic() - from });
        return last;
      } catch (thrown) {
        if (!(thrown instanceof LinkLost)) throw thrown;
        if (attempt === losses) throw lost(this.#link.host, thrown);
        this.#options.onEvent?.({ type: "reconnecting", why: "the link broke" });
        await this.#link.renew();
      }
    }
  }

  /** Makes one item true: change and reading what the change may have touched are one round trip. */
  async make(item: Item): Promise<void> {
    const from = this.#clock.monotonic();
    const report = (outcome: ReportItem["outcome"], changes: readonly Change[], error?: string): void => {
      const ms = this.#clock.monotonic() - from;
      const how = { property: item.claim.title, within: item.within, outcome, ms, changes };
      this.report(item.id, error === undefined ? how : { ...how, error });
    };
    const failed = (changes: readonly Change[], error: string): void => {
      if (this.#firstChoices.has(item.id)) this.#gaveUp.add(item.id);
      report(this.#firstChoices.has(item.id) ? "skipped" : "failed", changes, error);
    };
    const missing = [...item.needs].find((id) => this.#isMissing(id));
    const abandoned = this.#firstChoices.has(item.id) && [...item.needs].find((id) => this.#gaveUp.has(id));
    const why = (id: string): string => `it needs "${this.done.get(id)?.property ?? ""}"`;
    if (typeof abandoned === "string") return failed([], why(abandoned));
    if (missing !== undefined) return report("blocked", [], why(missing));
    if (item.instead.size > 0 && ![...item.instead].some((id) => this.#gaveUp.has(id))) return report("skipped", []);
    let found: Evaluation;
    try {
      found = evaluate(item, this.state.seen);
    } catch (thrown) {
      return failed([], this.state.redact(messageOf(thrown)));
    }
    if (!found.applies) return report("skipped", []);
    const follows = item.follows.size > 0;
    if (follows && !this.#due(item)) return report("ok", []);
    const along = this.#along.get(item.id);
    if (found.changes.length === 0 && along !== undefined) return report("changed", along);
    if (found.changes.length === 0 && !(follows && this.state.isPending(item.id))) return report("ok", []);
    if (await this.#makeInOneGo(item, found)) return report("changed", found.changes);
    this.#options.onEvent?.({ type: "changing", property: item.claim.title, changes: found.changes.map(formatChange) });
    const failure = await this.#change(item, found.changes);
    if (failure !== undefined) return failed(found.changes, failure);
    report(found.changes.length === 0 ? "ok" : "changed", found.changes);
  }

  #isMissing(id: string): boolean {
    const outcome = this.done.get(id)?.outcome;
    return outcome === "failed" || outcome === "blocked";
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
      if (other.follows.size > 0 || other.instead.size > 0 || ![...other.needs].every((id) => this.#holds(id)))
        continue;
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
      const found = evaluate(item, this.state.seen);
      return found.applies ? found : undefined;
    } catch {
      // It is told when its turn comes.
      return undefined;
    }
  }

  #due(item: Item): boolean {
    return this.state.isPending(item.id) || [...item.follows].some((id) => this.done.get(id)?.outcome === "changed");
  }

  /** Undefined when it went well and was seen to; otherwise why not. */
  async #change(item: Item, changes: readonly Change[], others: readonly Item[] = []): Promise<string | undefined> {
    const sources = [item, ...others];
    const failure = await this.attempt({
      id: item.id,
      changes,
      writes: sources.flatMap((source) => source.claim.writes),
      reboots: item.claim.reboots,
      restores: false,
      mark: this.#items.filter((one) => sources.some((source) => one.follows.has(source.id))).map((one) => one.id),
      made: sources.filter((source) => !source.claim.action).map((source) => source.id),
      ...(item.guard === undefined ? {} : { guard: item.guard }),
      ...(item.follows.size > 0 ? { clear: item.id } : {}),
      reads: item,
    });
    if (failure !== undefined || item.claim.action) return failure;
    return this.state.stillOpen(item, "was done, but is not seen");
  }

  /** Tries changes on the host, whatever the link does meanwhile. Undefined when they went well; otherwise why not. */
  async attempt(what: Attempt): Promise<string | undefined> {
    const { state } = this;
    const touched = this.#items.flatMap(readingsOfItem).filter((reading) => overlaps(reading.reads, what.writes));
    const all = batches([...(what.reads === undefined ? [] : readingsOfItem(what.reads)), ...touched]);
    const { guard } = what;
    const boot = this.#link.boot;
    let changes = what.changes;
    for (let attempt = 1; ; attempt += 1) {
      const script = [
        changeScript(changes, {
          item: what.id,
          mark: what.mark,
          revealed: state.subject.revealed,
          restores: what.restores,
          made: what.made,
          ...(what.clear === undefined ? {} : { clear: what.clear }),
          ...(guard === undefined ? {} : { first: armScript(guard, state.folder) }),
        }),
        ...(guard === undefined ? [] : [settleScript(guard)]),
        readingScript(all),
      ].join("\n");
      if (guard !== undefined) this.guards.armed(guard, what.id);
      let last: { readonly index: number; readonly status: number; readonly output: string } | undefined;
      try {
        const frames = await this.#link.exchange(script);
        state.update(all, frames, what.mark, what.clear);
        const outcome = frames.find((frame) => /^c\d+$/.test(frame.name));
        if (outcome === undefined) return "the host gave no answer to the change";
        last = { index: Number(outcome.name.slice(1)), status: outcome.status, output: outcome.text };
        if (what.reboots && last.status === 0) await this.#afterReboot(boot);
      } catch (thrown) {
        if (!(thrown instanceof LinkLost)) throw thrown;
        if (attempt === losses) throw lost(this.#link.host, thrown);
        const before = what.reboots ? await this.#afterReboot(boot) : await this.#resume();
        const known = before?.run === state.run && before.item === what.id ? before : undefined;
        if (known?.status !== undefined) last = { ...known, status: known.status };
      }
      if (last !== undefined) return last.status === 0 ? undefined : state.failure(changes, last);
      // It was cut off, or never began: what is there now decides.
      if (what.reboots) return undefined;
      if (what.reads !== undefined && !what.reads.claim.action) {
        const now = evaluate(what.reads, state.seen);
        if (!now.applies || now.changes.length === 0) return undefined;
        changes = now.changes;
      }
    }
  }

  /** Sends something that may be sent twice, again when the link breaks. */
  async ask(body: string): Promise<readonly Frame[]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#link.exchange(body);
      } catch (thrown) {
        if (!(thrown instanceof LinkLost)) throw thrown;
        if (attempt === losses) throw lost(this.#link.host, thrown);
        await this.#resume();
      }
    }
  }

  async #resume(): Promise<LastChange | undefined> {
    this.#options.onEvent?.({ type: "reconnecting", why: "the link broke" });
    await this.#link.renew();
    return this.observe();
  }

  async #afterReboot(boot: string): Promise<LastChange | undefined> {
    this.#options.onEvent?.({ type: "reconnecting", why: "the machine starts anew" });
    await this.#link.afterReboot(boot);
    return this.observe();
  }

  /** After an item: guards whose last change this was are lifted by a fresh login, or the host undoes what they guard. */
  async liftGuards(): Promise<void> {
    const open = new Set(
      this.#items.flatMap((item) => (item.guard === undefined || this.done.has(item.id) ? [] : [guardId(item.guard)])),
    );
    for (const { guard, items } of this.guards.standing()) {
      if (open.has(guardId(guard))) continue;
      const undone = await this.guards.lift(guard);
      if (undone === undefined) continue;
      for (const id of items) {
        const reported = this.done.get(id);
        if (reported !== undefined) this.done.set(id, { ...reported, outcome: "failed", error: undone });
      }
      await this.#resume();
    }
  }

  /** What was true once must still be seen after everything else was changed. */
  confirm(): void {
    for (const item of this.#items) {
      const reported = this.done.get(item.id);
      if (item.claim.action || item.follows.size > 0 || (reported?.outcome !== "ok" && reported?.outcome !== "changed"))
        continue;
      const error = this.state.stillOpen(item, "was true, but another property undid it");
      if (error !== undefined) this.done.set(item.id, { ...reported, outcome: "failed", error });
    }
  }
}

const lost = (host: string, cause: unknown): Error =>
  fail("config.lost", `the link to ${host} broke ${losses} times in a row`, { cause });
