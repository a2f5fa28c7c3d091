import { type ExitCode, exitCodes } from "@slipway/model";
import { changesOf, type ProvisionPlan, printPlan } from "@slipway/provision";
import { coloured } from "../../cli/colour.ts";
import type { Context } from "../../cli/context.ts";
import { detailedExit } from "../../cli/detailed-exit.ts";
import { fail } from "../../errors.ts";
import { type ExistingHost, existingExit, existingLines, lookAtExisting } from "../../platform/existing-hosts.ts";
import { type Asked, hasCloud, machineRef, planOf, refuseProblems, shownRefusal } from "../../platform/provisioning.ts";
import { saveProvisionPlan } from "../../platform/saved-provision.ts";
import { openSession, type Session } from "../../platform/session.ts";
import { shownPlan } from "../../platform/shown-plan.ts";

export interface PlanOptions {
  /** Hosts; all when none is named. */
  readonly only?: readonly string[];
  /** Hosts whose machines may be destroyed and made anew when a change needs it. */
  readonly replace?: readonly string[];
  /** Destroys what is the platform's and nothing asks for. */
  readonly unlisted?: "destroy";
  /** File that keeps the plan. */
  readonly out?: string;
  readonly detailedExitCode: boolean;
}

/** Names of hosts as what a plan is asked for. Throws `ops.unknown-host`, `ops.not-made`. */
export const askedOf = (
  session: Session,
  { only, replace, unlisted }: Pick<PlanOptions, "only" | "replace" | "unlisted">,
): Asked => ({
  ...(only === undefined ? {} : { only: only.map((name) => machineRef(session, name)) }),
  ...(replace === undefined ? {} : { replace: replace.map((name) => machineRef(session, name)) }),
  ...(unlisted === undefined ? {} : { unlisted: "delete" }),
});

/** Text for people. Pure. */
export function formatPlan(plan: ProvisionPlan | undefined, existing: readonly ExistingHost[]): string {
  const lines = existingLines(existing);
  if (plan === undefined) return lines.length === 0 ? "nothing of this platform is made in a cloud" : lines.join("\n");
  // The sum comes last.
  const printed = printPlan(plan).trimEnd().split("\n");
  return [...printed.slice(0, -1), ...lines, printed.at(-1) ?? ""].join("\n");
}

export async function planProvisioning(context: Context, options: PlanOptions): Promise<ExitCode> {
  await using session = await openSession(context);
  return await showPlan(session, context, options);
}

export async function showPlan(session: Session, context: Context, options: PlanOptions): Promise<ExitCode> {
  const { out: file } = options;
  const asked = askedOf(session, options);
  const [plan, existing] = await Promise.all([
    hasCloud(session) ? planOf(session, asked) : undefined,
    lookAtExisting(session, context, options.only),
  ]);
  const refused = shownRefusal(context, plan ?? { problems: [] });
  const lines = [formatPlan(plan, existing)];
  if (file !== undefined) {
    if (plan === undefined)
      throw fail("ops.saved-plan", "the plan was not saved: there is nothing to make", { hint: "" });
    refuseProblems(plan);
    await saveProvisionPlan(context, file, plan);
    lines.push(`saved in ${file}; exactly this is done by: ops provision apply ${file}`);
  }
  const exit = refused.error === undefined ? existingExit(existing) : refused.exit;
  context.out.result(coloured(lines.join("\n")), {
    ok: exit === exitCodes.done,
    ...(refused.error !== undefined && { error: refused.error }),
    changes: plan === undefined ? 0 : changesOf(plan),
    ...(plan === undefined ? {} : { plan: shownPlan(plan) }),
    existing,
    ...(file === undefined ? {} : { saved: file }),
  });
  return detailedExit(options, exit, plan === undefined || changesOf(plan) === 0);
}
