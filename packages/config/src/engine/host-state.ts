import { type Change, type Host, messageOf, type Surroundings } from "@slipway/model";
import { fail } from "../errors.ts";
import { formatChange } from "../format-change.ts";
import { type Applied, appliedScript, digestOf, nothingApplied, ofThisList, readApplied } from "./applied.ts";
import { changePrologue } from "./change-script.ts";
import { digestsOf, evaluate, type Reply, readingsOfItem, redact, repliesOf, type Seen } from "./evaluate.ts";
import { endOfFrame, type Frame } from "./frames.ts";
import type { Item } from "./items.ts";
import type { Link } from "./link.ts";
import { type LastChange, lastChangeOf, lockScript } from "./lock-script.ts";
import type { ApplyOptions } from "./options.ts";
import { holderOf, listOf, takesBack } from "./options.ts";
import { type Batch, batches, defaultStateFolder, type Revealed, readingScript } from "./script.ts";

export interface Subject {
  readonly host: Host;
  readonly around: Surroundings;
  readonly items: readonly Item[];
  readonly revealed: Revealed;
}

/** What is known of a host during a run: everything that was read, kept up to date by what changes. */
export class HostState {
  readonly subject: Subject;
  /** Tells this run from others in the host's lock and journal. */
  readonly run: string = crypto.randomUUID().slice(0, 13);
  readonly folder: string;
  readonly #digests: Record<string, string>;
  readonly #options: ApplyOptions;
  #replies: Record<string, Reply> = {};
  #pending: readonly string[] = [];
  applied: Applied = nothingApplied;
  /** Ids of what was made since the record was written. */
  unrecorded: ReadonlySet<string> = new Set();

  constructor(subject: Subject, options: ApplyOptions) {
    this.subject = subject;
    this.folder = options.stateFolder ?? defaultStateFolder;
    this.#options = options;
    this.#digests = digestsOf(subject.items, subject.revealed);
  }

  get seen(): Seen {
    return { replies: this.#replies, pending: this.#pending, digests: this.#digests, applied: this.applied };
  }

  get readings(): readonly Batch[] {
    return batches(this.subject.items.flatMap(readingsOfItem));
  }

  /** Takes the lock and reads everything, in one round trip. Gives what the host's journal says last. */
  async observe(link: Link): Promise<LastChange | undefined> {
    const { onEvent, lockWaitSeconds = 5 } = this.#options;
    const holder = holderOf(this.#options);
    const all = this.readings;
    const body = [
      lockScript({ folder: this.folder, run: this.run, holder, waitSeconds: lockWaitSeconds }),
      changePrologue,
      appliedScript(digestOf(this.subject.items)),
      endOfFrame("applied"),
      '[ ! -e "$S/made" ] || cat "$S/made"',
      endOfFrame("made"),
      readingScript(all),
    ].join("\n");
    let lockedBy: string | undefined;
    let frames: readonly Frame[];
    try {
      frames = await link.exchange(body, (frame) => {
        if (frame.name === "waiting") onEvent?.({ type: "waiting", holder: frame.text.trim() });
        if (frame.name === "lock" && frame.status !== 0) lockedBy = frame.text.trim() || "somebody";
      });
    } catch (thrown) {
      throw lockedBy === undefined
        ? thrown
        : fail("config.locked", `${this.subject.host.name} is being configured by ${lockedBy}`);
    }
    const text = (name: string): string => frames.find((frame) => frame.name === name)?.text ?? "";
    this.#replies = repliesOf(all, frames);
    const lines = (name: string): readonly string[] =>
      text(name)
        .split("\n")
        .filter((line) => line !== "");
    this.#pending = lines("pending");
    this.unrecorded = new Set(lines("made"));
    const applied = readApplied(text("applied"));
    const { host } = this.subject;
    this.applied = takesBack(this.#options)
      ? ofThisList(applied, host.name, listOf(host, this.#options), this.#options.adopt === true)
      : applied;
    return lastChangeOf(text("journal"), text("output"));
  }

  /** Takes in what was read after a change, and which followers are due now. */
  update(all: readonly Batch[], frames: readonly Frame[], due: readonly string[], done?: string): void {
    this.#replies = { ...this.#replies, ...repliesOf(all, frames) };
    this.#pending = [...this.#pending, ...due].filter((id) => id !== done);
  }

  isPending(id: string): boolean {
    return this.#pending.includes(id);
  }

  /** Why an item is not as it should be, or undefined when it is. */
  stillOpen(item: Item, why: string): string | undefined {
    try {
      const after = evaluate(item, this.seen);
      if (!after.applies || after.changes.length === 0) return undefined;
      const diff = after.diff === undefined ? "" : `\n${after.diff}`;
      return this.redact(`it ${why}; still to do: ${after.changes.map(formatChange).join("; ")}${diff}`);
    } catch (thrown) {
      return this.redact(messageOf(thrown));
    }
  }

  /** What a change that failed says of itself. */
  failure(
    changes: readonly Change[],
    last: { readonly index: number; readonly status: number; readonly output: string },
  ): string {
    const tried = changes[last.index];
    const said = this.redact(last.output.trim()).split("\n").slice(-30).join("\n");
    return `exit status ${last.status} of: ${tried === undefined ? "noting what has to follow" : formatChange(tried)}${said === "" ? "" : `\n${said}`}`;
  }

  redact(text: string): string {
    return redact(text, this.subject.revealed);
  }
}
