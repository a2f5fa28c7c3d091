import {
  type Observed,
  type PlanOptions,
  type ProvisionPlan,
  planProvision,
  type Seen,
  type Wanted,
} from "../../src/index.ts";
import { cloud } from "./resources.ts";

/** The plan of the stack shop, over a cloud or over the usual one with these in it. */
export const plan = (
  wanted: readonly Wanted[],
  seen: Observed | readonly Seen[],
  more: Partial<PlanOptions> = {},
): ProvisionPlan => planProvision(wanted, "seen" in seen ? seen : cloud(seen), { stack: "shop", ...more });

export const ids = ({ steps }: ProvisionPlan): readonly string[] => steps.map((step) => step.id);

/** What a step waits for. */
export const after = ({ steps }: ProvisionPlan, id: string): readonly string[] | undefined =>
  steps.find((step) => step.id === id)?.after;

/** What all things of the stack that cost nothing have in common. */
export const known = { ours: true, dollarsMonthly: 0 } as const;
