import type { Clock, Connection, Guard } from "@slipway/model";
import { disarmScript, guardId, guardSeconds } from "./guard-script.ts";
import type { Link } from "./link.ts";
import type { ApplyOptions } from "./options.ts";

/** How long a fresh login may take before the host is left to undo the change. */
const loginMs = 40_000;

/** Keeps count of the guards that stand on a host, and lifts them over a connection made anew. */
export class GuardPost {
  readonly #standing = new Map<string, { readonly guard: Guard; readonly items: Set<string> }>();
  readonly #folder: string;
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #options: ApplyOptions;

  constructor(folder: string, link: Link, clock: Clock, options: ApplyOptions) {
    this.#folder = folder;
    this.#link = link;
    this.#clock = clock;
    this.#options = options;
  }

  armed(guard: Guard, item: string): void {
    const one = this.#standing.get(guardId(guard)) ?? { guard, items: new Set<string>() };
    one.items.add(item);
    this.#standing.set(guardId(guard), one);
  }

  standing(): readonly { readonly guard: Guard; readonly items: ReadonlySet<string> }[] {
    return [...this.#standing.values()];
  }

  /** Undefined when a fresh login took the order away; otherwise what happened, told once the host has undone the changes. */
  async lift(guard: Guard): Promise<string | undefined> {
    this.#standing.delete(guardId(guard));
    this.#options.onEvent?.({ type: "confirming", guard: guard.title });
    const why = await this.#disarm(guard, loginMs);
    if (why === undefined) return undefined;
    const deadline = this.#clock.monotonic() + (guardSeconds + 120) * 1_000;
    for (;;) {
      const again = await this.#look(guard);
      if (again) return `after it nobody could log in (${why}), so the host took it back`;
      if (this.#clock.monotonic() > deadline)
        return `after it nobody could log in (${why}), and the host has not taken it back`;
      await this.#clock.sleep(1_000, this.#options.signal);
    }
  }

  async #disarm(guard: Guard, waitMs: number): Promise<string | undefined> {
    try {
      await using fresh = await this.#link.fresh(waitMs);
      const { status } = await this.#run(fresh, disarmScript, guard);
      return status === 0 ? undefined : "it took too long";
    } catch (thrown) {
      this.#options.signal?.throwIfAborted();
      return thrown instanceof Error ? thrown.message : String(thrown);
    }
  }

  /** Whether the host has undone it and can be reached again. */
  async #look(guard: Guard): Promise<boolean> {
    try {
      await using fresh = await this.#link.fresh(0);
      return (await this.#run(fresh, 'test -e "$1/guard/$2/undone" && rm -r "$1/guard/$2"', guard)).status === 0;
    } catch {
      this.#options.signal?.throwIfAborted();
      // That it cannot be reached yet is what is waited for.
      return false;
    }
  }

  #run(connection: Connection, script: string, guard: Guard) {
    return connection.exec(["sh", "-c", script, "sh", this.#folder, guardId(guard)], { timeoutMs: 20_000 });
  }
}
