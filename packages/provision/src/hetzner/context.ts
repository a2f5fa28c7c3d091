import type { Clock } from "@slipway/model";
import { CallError } from "../client/request.ts";
import { fail } from "../errors.ts";
import type { Hetzner } from "./client.ts";
import type { Action } from "./shapes.ts";

/** What the kinds of this provider work with. */
export interface Context {
  readonly client: Hetzner;
  readonly stack: string;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
}

const pauseMs = 500;
const busyMs = 120_000;
const actionMs = 600_000;

/** Tries again while the resource is locked by another action. */
export async function whileBusy<T>({ clock, signal }: Context, work: () => Promise<T>): Promise<T> {
  const until = clock.monotonic() + busyMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const busy = error instanceof CallError && error.code === "machine.busy";
      if (!busy || clock.monotonic() > until) throw error;
      await clock.sleep(pauseMs, signal);
    }
  }
}

/** Waits until an action is done. Throws `cloud.failed` when it went wrong. */
export async function finished({ client, clock, signal }: Context, begun: Action): Promise<void> {
  const until = clock.monotonic() + actionMs;
  let action = begun;
  for (let tick = 0; action.status === "running"; tick += 1) {
    if (clock.monotonic() > until) throw fail("machine.slow", `the action ${action.command} goes on and on`);
    await clock.sleep(Math.min(5_000, (pauseMs / 2) * 1.3 ** tick), signal);
    action = await client.action(begun.id);
  }
  if (action.status === "error")
    throw fail("cloud.failed", `the action ${action.command} failed: ${action.error?.message ?? "no reason given"}`);
}

/**
 * Does an action of a resource, to its end. A run that was killed may have begun the same one a moment before: Hetzner refuses to do it again, which is
 * as good when `done` then tells that what it is for is so.
 */
export async function act(
  context: Context,
  begin: () => Promise<Action>,
  done?: () => Promise<boolean>,
): Promise<void> {
  let begun: Action;
  try {
    begun = await whileBusy(context, begin);
  } catch (error) {
    if (error instanceof CallError && error.sure && (await done?.()) === true) return;
    throw error;
  }
  await finished(context, begun);
}
