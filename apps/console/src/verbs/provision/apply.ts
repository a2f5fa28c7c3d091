import { type ExitCode, exitCodes } from "@slipway/model";
import { type ApplyResult, changesOf, type OpenCloud, type ProvisionPlan } from "@slipway/provision";
import { coloured } from "../../cli/colour.ts";
import { agree, canAsk } from "../../cli/confirm.ts";
import type { Context } from "../../cli/context.ts";
import { detailedExit } from "../../cli/detailed-exit.ts";
import { table } from "../../cli/table.ts";
import { fail } from "../../errors.ts";
import { type ExistingHost, existingExit, lookAtExisting } from "../../platform/existing-hosts.ts";
import { applyPlan, hasCloud, planOf, refuseProblems, wantedHere } from "../../platform/provisioning.ts";
import { readProvisionPlan } from "../../platform/saved-provision.ts";
import { openSession, type Session } from "../../platform/session.ts";
import { askedOf, formatPlan, type PlanOptions, showPlan } from "./plan.ts";

export interface ApplyOptions extends PlanOptions {
  /** A saved plan: exactly that is done. */
  readonly file?: string;
  readonly planOnly: boolean;
}

/** Whether somebody has to agree: something is lost, or costs more. On the local cloud nothing costs. Pure. */
export function mustAgree(plan: Pick<ProvisionPlan, "steps">, where: OpenCloud["where"]): boolean {
  if (plan.steps.some((step) => step.do === "delete" || step.do === "replace")) return true;
  // Each by itself: what another step saves does not make it cheaper.
  return where !== "local" && plan.steps.some((step) => step.change > 0);
}

/** Shows a plan and asks, unless --yes was said. Throws `ops.confirm` where nobody can be asked and it `matters`, `ops.plan-problems`, `ops.protected`. */
export async function agreeToPlan(
  session: Session,
  context: Context,
  plan: ProvisionPlan,
  matters: typeof mustAgree = mustAgree,
): Promise<void> {
  const { out } = context;
  const changes = changesOf(plan);
  if (changes > 0 || plan.problems.length > 0) out.say(coloured(formatPlan(plan, []), process.stderr));
  refuseProblems(plan);
  if (changes === 0) return;
  if (!canAsk() && !matters(plan, (await session.cloud()).where)) return;
  await agree(context, `Do ${changes === 1 ? "this" : `these ${changes} changes`} to ${plan.stack}?`);
}

/** What was done, for people and as JSON, with whatever `more` is to be told there. */
export function tellApplied(session: Session, context: Context, result: ApplyResult, more: object = {}): ExitCode {
  const { machines, changes } = result;
  const rows = machines.map(({ name, address, size, region, status }) => [name, address, size, region, status]);
  const { environment, environments } = session.project.platform;
  const env = environment === undefined || environment === environments[0] ? "" : `--env ${environment} `;
  const text = [
    table(rows),
    changes === 0 ? "0 changes: every machine is there" : `${changes} ${changes === 1 ? "change" : "changes"}`,
    ...(machines[0] === undefined ? [] : [`ops ${env}ssh ${machines[0].name}`]),
  ];
  context.out.result(text.filter((line) => line !== "").join("\n"), { ok: true, changes, machines, ...more });
  return exitCodes.done;
}

export async function provision(context: Context, options: ApplyOptions): Promise<ExitCode> {
  await using session = await openSession(context);
  if (options.planOnly) return await showPlan(session, context, options);
  if (options.file !== undefined) return await applySaved(session, context, options, options.file);
  const existing = await lookAtExisting(session, context, options.only);
  for (const one of existing) if (!one.ok) context.out.mark("bad", `${one.host}, which is not made here: ${one.why}`);
  if (!hasCloud(session)) {
    const exit = existingExit(existing);
    const told = { ok: exit === exitCodes.done, changes: 0, machines: [], existing };
    context.out.result(formatPlan(undefined, existing), told);
    return detailedExit(options, exit, true);
  }
  const plan = await planOf(session, askedOf(session, options));
  await agreeToPlan(session, context, plan);
  return await doPlan(session, context, options, plan, existing);
}

/** What is made does not wait for machines that others made; the exit code tells what is wrong with those. */
async function doPlan(
  session: Session,
  context: Context,
  options: ApplyOptions,
  plan: ProvisionPlan,
  existing: readonly ExistingHost[] = [],
): Promise<ExitCode> {
  const result = await applyPlan(session, context, plan);
  const exit = existingExit(existing);
  tellApplied(session, context, result, { ok: exit === exitCodes.done, existing });
  return detailedExit(options, exit, result.changes === 0);
}

/** It was looked at when it was saved, so nobody is asked. */
async function applySaved(session: Session, context: Context, options: ApplyOptions, file: string): Promise<ExitCode> {
  if (options.only !== undefined || options.replace !== undefined || options.unlisted !== undefined)
    throw fail("ops.saved-plan", "a saved plan is done as it is: --only, --replace and --unlisted do not go with it", {
      hint: "Say them to ops provision plan, or apply without a file.",
    });
  const plan = await readProvisionPlan(context, file, session.project.platform.name);
  if (JSON.stringify(plan.wanted) !== JSON.stringify(wantedHere(session)))
    throw fail("ops.stale-plan", `${file} is stale: ops.config.ts asks for something else than when it was made`);
  context.out.say(coloured(formatPlan(plan, []), process.stderr));
  return await doPlan(session, context, options, plan);
}

/** Makes the platform's machines without a question, for the demo. Gives how many things were changed. */
export async function provisionAll(session: Session, context: Context): Promise<number> {
  return (await applyPlan(session, context, await planOf(session))).changes;
}
