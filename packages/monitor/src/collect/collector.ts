import { type Clock, type Connection, type Event, messageOf, type SshAddress } from "@slipway/model";
import type { OwnNetwork } from "../checks/network.ts";
import { eventsOf } from "./metrics.ts";
import { type HostReading, parseReading } from "./parse.ts";
import { collectScript } from "./script.ts";

export interface WatchedHost {
  readonly name: string;
  readonly address: SshAddress;
}

export interface CollectorOptions {
  readonly connect: (address: SshAddress) => Promise<Connection>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly everyMs: number;
  /** So many ticks without a reading make the host unreachable. Default 3. */
  readonly missesAllowed?: number;
  /** Asked when a host does not answer. */
  readonly network?: OwnNetwork;
  readonly emit: (event: Event) => void;
}

/** Service of the event that says whether a host answers. Its metric is the number of ticks missed in a row. */
export const reachable = "reachable";

const tickDeadlineMs = 15_000;
const maxPauseMs = 30_000;

/**
 * Measures one host every `everyMs` over one connection that is kept: a tick is one command. A tick that fails leaves a gap, ends the
 * connection, and says why in a `reachable` event; the next attempts are spaced, doubling up to 30 s. A tick that takes longer than
 * the interval delays the next, ticks never overlap. Resolves when the signal aborts.
 */
export async function collectHost(host: WatchedHost, options: CollectorOptions): Promise<void> {
  const { clock, signal, everyMs, emit } = options;
  const allowed = options.missesAllowed ?? 3;
  const ttl = (everyMs * 3) / 1_000;
  let connection: Connection | undefined;
  let before: HostReading | undefined;
  let misses = 0;
  let notBefore = 0;
  let lastReason = "";

  const say = (state: string, description: string): void =>
    emit({ host: host.name, service: reachable, time: clock.now(), state, metric: misses, description, ttl });

  const miss = async (reason: string): Promise<void> => {
    misses += 1;
    if ((await options.network?.lost()) === true) say("unknown", "our own network does not answer");
    else say(misses >= allowed ? "critical" : "unknown", reason);
  };

  const measure = async (): Promise<void> => {
    connection ??= await withDeadline(connectLate(options.connect, host.address), options);
    const output = await withDeadline(
      connection.exec(["sh"], { stdin: collectScript, signal, timeoutMs: tickDeadlineMs, maxOutputBytes: 1024 * 1024 }),
      options,
    );
    const reading = parseReading(output.stdout);
    misses = 0;
    say("ok", "");
    for (const event of eventsOf(reading, { host: host.name, time: clock.now(), ttl, before })) emit(event);
    before = reading;
  };

  const drop = async (): Promise<void> => {
    const broken = connection;
    connection = undefined;
    try {
      await broken?.[Symbol.asyncDispose]();
    } catch {
      // A broken connection may fail to close; there is nothing more to be done with it.
    }
  };

  let next = clock.monotonic();
  try {
    while (!signal.aborted) {
      if (clock.monotonic() >= notBefore) {
        try {
          await measure();
        } catch (error) {
          if (signal.aborted) break;
          // At once after the first miss: most lost connections can be made again.
          notBefore = clock.monotonic() + (misses === 0 ? 0 : Math.min(1_000 * 2 ** misses, maxPauseMs));
          lastReason = messageOf(error);
          await drop();
          await miss(lastReason);
        }
      } else await miss(lastReason);
      next = Math.max(next + everyMs, clock.monotonic());
      await clock.sleep(Math.max(0, next - clock.monotonic()), signal).catch(() => {});
    }
  } finally {
    await drop();
  }
}

/** A connection that comes after we gave up waiting is closed at once. */
function connectLate(connect: CollectorOptions["connect"], address: SshAddress): Late<Connection> {
  const pending = connect(address);
  return {
    value: pending,
    abandon: () =>
      void pending.then(
        (late) => late[Symbol.asyncDispose](),
        () => {},
      ),
  };
}

interface Late<T> {
  readonly value: Promise<T>;
  readonly abandon: () => void;
}

async function withDeadline<T>(work: Promise<T> | Late<T>, { clock, signal }: CollectorOptions): Promise<T> {
  const late: Late<T> = "abandon" in work ? work : { value: work, abandon: () => {} };
  const done = new AbortController();
  const deadline = clock.sleep(tickDeadlineMs, AbortSignal.any([signal, done.signal])).then(() => {
    throw new Error(`no answer within ${tickDeadlineMs / 1_000} s`);
  });
  try {
    return await Promise.race([late.value, deadline]);
  } catch (error) {
    late.abandon();
    throw error;
  } finally {
    deadline.catch(() => {});
    late.value.catch(() => {});
    done.abort();
  }
}
