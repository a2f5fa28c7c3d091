import { type Clock, type Connection, SlipwayError } from "@slipway/model";
import { fail } from "../errors.ts";
import type { Frame } from "./frames.ts";
import { openSession, type Session } from "./session.ts";

/** The link broke, so it is unknown whether what was sent has run. */
export class LinkLost extends Error {
  override readonly name = "LinkLost";
}

/** How long a host that fell silent is tried again. */
const againMs = 300_000;

/**
 * The way to a host for one run: its connection and a session on it, both made anew when they break. The connection that was
 * given is the caller's and stays open; those made here are closed here.
 */
export class Link implements AsyncDisposable {
  readonly #given: Connection;
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  #own: Connection | undefined;
  #session: Session | undefined;
  #trips = 0;
  /** Connections that were made anew. */
  reconnects = 0;

  constructor(given: Connection, clock: Clock, signal: AbortSignal | undefined) {
    this.#given = given;
    this.#clock = clock;
    this.#signal = signal;
  }

  get #connection(): Connection {
    return this.#own ?? this.#given;
  }

  get host(): string {
    return this.#given.host;
  }

  get roundTrips(): number {
    return this.#trips + (this.#session?.roundTrips ?? 0);
  }

  get boot(): string {
    return this.#session?.boot ?? "";
  }

  /** Rejects with {@link LinkLost} when the connection broke; a shell that ended although it holds is `config.session`. */
  async exchange(body: string, onFrame?: (frame: Frame) => void): Promise<readonly Frame[]> {
    try {
      this.#session ??= await openSession(this.#connection, this.#signal);
      return await this.#session.exchange(body, onFrame);
    } catch (thrown) {
      if (this.#broke(thrown)) throw new LinkLost("the link broke", { cause: thrown });
      throw thrown;
    }
  }

  #broke(thrown: unknown): boolean {
    if (!(thrown instanceof SlipwayError)) return false;
    // One that the caller has closed is no accident.
    if (thrown.code === "connection.lost") return true;
    // Killed from outside: by the one who took the lock over, or as the machine goes down.
    return thrown.code === "config.session" && (!this.#connection.open || /exit status 1(37|43)$/.test(thrown.message));
  }

  /** Makes the connection anew and gives its first session. Rejects with `config.lost` when the host stays away. */
  async renew(waitMs: number = againMs): Promise<void> {
    await this.#close();
    this.reconnects += 1;
    try {
      const next = await this.#given.again({ waitMs, ...(this.#signal === undefined ? {} : { signal: this.#signal }) });
      await this.#own?.[Symbol.asyncDispose]();
      this.#own = next;
    } catch (cause) {
      this.#signal?.throwIfAborted();
      throw fail("config.lost", `${this.host} was lost and did not come back`, { cause });
    }
  }

  /** Waits until the machine has started anew since `boot`, and connects to it. */
  async afterReboot(boot: string, waitMs: number = againMs): Promise<void> {
    const deadline = this.#clock.monotonic() + waitMs;
    for (;;) {
      await this.renew(waitMs);
      try {
        await this.exchange("");
        if (this.boot !== boot) return;
      } catch (thrown) {
        if (!(thrown instanceof LinkLost)) throw thrown;
      }
      if (this.#clock.monotonic() > deadline)
        throw fail("config.lost", `${this.host} did not start anew although it was told to`);
      await this.#clock.sleep(500, this.#signal);
    }
  }

  /** A connection of its own, to see whether one still can be made; the caller closes it. */
  fresh(waitMs: number): Promise<Connection> {
    return this.#given.again({ waitMs, ...(this.#signal === undefined ? {} : { signal: this.#signal }) });
  }

  async #close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined) return;
    this.#trips += session.roundTrips;
    await session[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    await this.#own?.[Symbol.asyncDispose]();
  }
}
