import type { Step } from "../plan.ts";
import type { Ref } from "../resource.ts";

/**
 * The steps for these resources and those that they wait for. Pure. What is kept stays in the plan, as others refer to it; of machines only what is
 * chosen, since they would be logged in to.
 */
export function limited(steps: readonly Step[], only: readonly Ref[]): readonly Step[] {
  const chosen = new Set(only.map((ref) => ref.toLowerCase()));
  const taken = new Set<string>();
  const take = (step: Step): void => {
    if (taken.has(step.id)) return;
    taken.add(step.id);
    const refs = step.after.flatMap((id) => (id.startsWith("ready ") ? [id.slice("ready ".length)] : []));
    for (const other of steps) if (step.after.includes(other.id) || refs.includes(other.ref)) take(other);
  };
  for (const step of steps) if (chosen.has(step.ref)) take(step);
  const silent = (step: Step): boolean => step.do === "keep" && !step.ref.startsWith("machine ");
  return steps.filter((step) => taken.has(step.id) || silent(step));
}
