import type { Clock } from "@slipway/model";
import type { DigitalOcean } from "../client/client.ts";
import { CallError } from "../client/request.ts";
import type { Action } from "../client/shapes.ts";
import type { Taggable } from "../client/tags.ts";
import { fail } from "../errors.ts";

/** What the kinds of this provider work with. */
export interface Context {
  readonly client: DigitalOcean;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** How long a resource may exist before lists show it. */
  readonly lagMs: number;
}

/** Looks again and again, as long as lists may lag. */
export async function appeared<T>(
  { clock, signal, lagMs }: Context,
  find: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const until = clock.monotonic() + lagMs;
  for (;;) {
    const late = clock.monotonic() >= until;
    const found = await find();
    if (found !== undefined || late) return found;
    await clock.sleep(pauseMs, signal);
  }
}

const pauseMs = 500;
const busyMs = 120_000;
const actionMs = 600_000;
/** A disk is copied when it grows: about a minute for each gigabyte that is in use. */
const resizeMs = 3_600_000;

const isBusy = (error: unknown): boolean => error instanceof CallError && error.code === "machine.busy";

/** Tries again while another action of the same resource is pending, or what `busy` tells. */
export async function whileBusy<T>(
  { clock, signal }: Context,
  work: () => Promise<T>,
  busy: (error: unknown) => boolean = isBusy,
): Promise<T> {
  const until = clock.monotonic() + busyMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!busy(error) || clock.monotonic() > until) throw error;
      await clock.sleep(pauseMs * 2, signal);
    }
  }
}

/** Waits until an action is done. Throws `cloud.failed` when it went wrong. */
export async function finished(
  { clock, signal }: Context,
  begun: Action,
  look: (id: number) => Promise<Action>,
): Promise<void> {
  const until = clock.monotonic() + (begun.type === "resize" ? resizeMs : actionMs);
  let action = begun;
  for (let tick = 0; action.status === "in-progress"; tick += 1) {
    if (clock.monotonic() > until) throw fail("machine.slow", `the action ${action.type} goes on and on`);
    await clock.sleep(Math.min(5_000, pauseMs * 1.3 ** tick), signal);
    try {
      action = await look(begun.id);
    } catch (error) {
      // An action that was just begun may not be shown yet.
      if (!(error instanceof CallError && error.status === 404)) throw error;
    }
  }
  if (action.status === "errored") throw fail("cloud.failed", `the action ${action.type} (${action.id}) failed`);
}

/**
 * Does what makes a resource so. A run that was killed may have begun the same a moment before: the cloud refuses to do it again, which is as good
 * when `there` then tells that it is so.
 */
export async function unlessDone<T, D>(
  context: Context,
  work: () => Promise<T>,
  there: () => Promise<D | undefined>,
): Promise<T | D> {
  try {
    return await whileBusy(context, work);
  } catch (error) {
    const refused = error instanceof CallError && error.status === 422 && error.code === "cloud.refused";
    const done = refused ? await appeared(context, there) : undefined;
    if (done === undefined) throw error;
    return done;
  }
}

/** The same of an action, to its end; `done` tells whether what it is for is so. */
export async function act(
  context: Context,
  by: {
    readonly begin: () => Promise<Action>;
    readonly look: (id: number) => Promise<Action>;
    readonly done: () => Promise<boolean>;
  },
): Promise<void> {
  const begun = await unlessDone(context, by.begin, async () => ((await by.done()) ? "done" : undefined));
  if (begun !== "done") await finished(context, begun, by.look);
}

/** Puts tags on a resource, in their order, and then takes others off. */
export async function retag(
  { client }: Context,
  type: Taggable,
  id: string,
  change: { readonly add: readonly string[]; readonly remove: readonly string[] },
): Promise<void> {
  const made = await Promise.all(change.add.map((tag) => client.tags.create(tag)));
  // Whoever made a tag first said how it is spelt.
  for (const { name } of made) await client.tags.assign(name, type, [id]);
  for (const tag of change.remove) await goneIsGood(() => client.tags.unassign(tag, type, [id]));
}

/** What is not there needs no removing. */
export async function goneIsGood(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof CallError && error.status === 404)) throw error;
  }
}
