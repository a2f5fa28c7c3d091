import { exitCodes } from "@slipway/model";
import { changesOf, printPlan } from "@slipway/provision";
import { coloured } from "../../cli/colour.ts";
import type { Context } from "../../cli/context.ts";
import { fail } from "../../errors.ts";
import { copyOf } from "../../platform/copy-environment.ts";
import { applyPlan, planOf, shownRefusal, wantedHere } from "../../platform/provisioning.ts";
import { openSession } from "../../platform/session.ts";
import { shownPlan } from "../../platform/shown-plan.ts";
import { agreeToPlan, mustAgree, tellApplied } from "./apply.ts";

export interface CopyVerbOptions {
  readonly from: string;
  readonly to: string;
  /** New domains by their old ones. */
  readonly domains: Readonly<Record<string, string>>;
  readonly planOnly: boolean;
}

/** Whether somebody has to agree to a copy: also where it changes what is there, as that may serve by now. Pure. */
export const mustAgreeToCopy: typeof mustAgree = (plan, where) =>
  mustAgree(plan, where) || plan.steps.some((step) => step.do === "update" || step.do === "start");

/** Makes one environment what another one really is in its cloud, under marks of its own. */
export async function copyEnvironment(context: Context, options: CopyVerbOptions): Promise<number> {
  const { from, to } = options;
  const { out } = context;
  if (from === to) throw fail("ops.copy", `${from} cannot be copied onto itself`);
  await using source = await openSession({ ...context, env: from });
  await using target = await openSession({ ...context, env: to });
  const { provider } = await source.cloud();
  const seen = await provider.observe({ wanted: [], all: true });
  if (!seen.some((one) => one.ours && one.kind === "machine"))
    throw fail("ops.not-provisioned", `${from} has no machines that could be copied`);
  const wanted = wantedHere(target);
  const copied = copyOf(seen, { to, wanted, domains: new Map(Object.entries(options.domains)) });
  for (const line of copied.left) out.mark("note", `not copied: ${line}`);
  const plan = await planOf(target, {}, copied.wanted);
  const told = { from, to, left: copied.left };
  if (options.planOnly) {
    const { exit, ...refused } = shownRefusal(context, plan);
    const ok = exit === exitCodes.done;
    out.result(coloured(printPlan(plan)), { ok, ...refused, changes: changesOf(plan), ...told, plan: shownPlan(plan) });
    return exit;
  }
  await agreeToPlan(target, context, plan, mustAgreeToCopy);
  const exit = tellApplied(target, context, await applyPlan(target, context, plan), told);
  out.mark("note", `ops --env ${to} provision plan tells where ops.config.ts asks for something else`);
  return exit;
}
