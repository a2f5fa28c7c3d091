import { digestOfPlan, type ProvisionPlan, type Step } from "../plan.ts";
import { type FieldChange, unknownAddress } from "./differences.ts";

/**
 * Whether the cloud is no longer what a plan rests on: `now` is the plan that follows from it for the same. A record that was to get the address of a
 * machine that still booted is planned alike when the machine has its address by now. Pure.
 */
export function isStale(given: ProvisionPlan, now: ProvisionPlan): boolean {
  if (now.digest === given.digest) return false;
  const before = new Map(given.steps.map((step) => [step.id, step.fields]));
  const steps = now.steps.map((step): Step => ({ ...step, fields: unlearned(step.fields, before.get(step.id) ?? []) }));
  const { digest: _, ...content } = now;
  return digestOfPlan({ ...content, steps }) !== given.digest;
}

/** The changes as they would be told without the addresses that were not known `before`. */
const unlearned = (fields: readonly FieldChange[], before: readonly FieldChange[]): readonly FieldChange[] =>
  fields.map((change) => {
    const was = before.find((one) => one.field === change.field);
    return was !== undefined && unknownAddress.test(was.to) ? { ...change, to: was.to } : change;
  });
