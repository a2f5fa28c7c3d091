import { type Clock, systemClock } from "@slipway/model";
import { runGraph } from "./apply/graph.ts";
import { makes } from "./apply/steps.ts";
import { fail } from "./errors.ts";
import { observe } from "./observe.ts";
import { type ProvisionPlan, planProvision } from "./plan.ts";
import type { Provider } from "./provider.ts";
import { type Ref, refOf } from "./resource.ts";

export interface DestroyOptions {
  readonly provider: Provider;
  readonly onEvent?: (event: {
    readonly ref: Ref;
    readonly name: string;
    readonly step: "deleting" | "deleted";
  }) => void;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/** What destroying the stack would remove; its problems name what is protected. Changes nothing. */
export async function planDestroy(provider: Provider): Promise<ProvisionPlan> {
  const observed = await observe(provider, { wanted: [], all: true });
  return planProvision([], observed, { stack: provider.stack, unlisted: "delete" });
}

/**
 * Removes everything of a stack, in reverse order, and resolves when the cloud lists none of it any more. Refuses with `plan.problems`, before any
 * change, when something of it is protected or another stack's too, and at the end with the same when such a thing appeared meanwhile: that stays.
 * May be killed and repeated.
 */
export async function destroyStack(options: DestroyOptions): Promise<{ readonly removed: readonly Ref[] }> {
  const { provider } = options;
  const clock = options.clock ?? systemClock;
  const until = clock.monotonic() + 180_000;
  const removed = new Set<Ref>();
  // Again also takes what appeared meanwhile, such as a machine that lists did not show yet.
  for (;;) {
    const observed = await observe(provider, { wanted: [], all: true });
    const plan = planProvision([], observed, { stack: provider.stack, unlisted: "delete" });
    if (plan.problems.length > 0) throw fail("plan.problems", plan.problems.join("; "));
    if (plan.steps.length === 0) break;
    if (clock.monotonic() > until)
      throw fail("machine.slow", `${plan.steps.map((one) => one.ref).join(", ")} are still listed`);
    const outcomes = await runGraph(
      plan.steps.map((step) => ({
        id: step.id,
        after: step.after,
        run: async () => {
          const seen = observed.seen.find((one) => one.id === step.cloudId && refOf(one) === step.ref);
          const name = step.ref.slice(step.ref.indexOf(" ") + 1);
          if (seen === undefined) return;
          options.onEvent?.({ ref: step.ref, name, step: "deleting" });
          await makes(provider, seen.kind).remove(seen);
          removed.add(step.ref);
          options.onEvent?.({ ref: step.ref, name, step: "deleted" });
        },
      })),
      32,
    );
    options.signal?.throwIfAborted();
    for (const outcome of outcomes.values()) if (!outcome.done && "error" in outcome) throw outcome.error;
    await clock.sleep(500, options.signal);
  }
  const left = await provider.forget();
  if (left.length > 0) throw fail("plan.problems", `left as it is: ${left.join("; ")}`);
  return { removed: [...removed].sort((a, b) => a.localeCompare(b)) };
}
