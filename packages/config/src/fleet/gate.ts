import { type Clock, type Connection, type Host, type HostInfo, messageOf } from "@slipway/model";
import { failingChecks } from "./checks.ts";

export interface GateOptions {
  readonly clock: Clock;
  readonly withinMs: number;
  readonly signal?: AbortSignal;
  /** A check of one's own; whatever it throws says why the host is not well. */
  readonly healthy?: (host: Host, connection: Connection) => Promise<void>;
}

const pauseMs = 500;

/** Waits until a host is well. Gives what was wrong at last, empty when it is well. Rejects when the signal aborts. */
export async function untilWell(
  host: Host,
  seen: { readonly info: HostInfo; readonly connection: Connection },
  options: GateOptions,
): Promise<readonly string[]> {
  const { clock, signal, withinMs, healthy } = options;
  const deadline = clock.monotonic() + withinMs;
  for (;;) {
    signal?.throwIfAborted();
    const wrong = await look(host, seen, healthy);
    if (wrong.length === 0 || clock.monotonic() + pauseMs > deadline) return wrong;
    await clock.sleep(pauseMs, signal);
  }
}

async function look(
  host: Host,
  { info, connection }: { readonly info: HostInfo; readonly connection: Connection },
  healthy: GateOptions["healthy"],
): Promise<readonly string[]> {
  try {
    const wrong = await failingChecks(info, connection);
    if (wrong.length === 0) await healthy?.(host, connection);
    return wrong;
  } catch (error) {
    return [messageOf(error)];
  }
}
