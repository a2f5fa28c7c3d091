import { formatPlan, observe, type Plan, planToSave } from "@slipway/config";
import { exitCodes } from "@slipway/model";
import { coloured } from "../../cli/colour.ts";
import type { Context } from "../../cli/context.ts";
import { fail } from "../../errors.ts";
import { eachHost } from "../../platform/each-host.ts";
import { chosenHosts, prepare } from "../../platform/prepare.ts";
import { platformDigest, savePlan } from "../../platform/saved-plans.ts";
import { openSession, type Session } from "../../platform/session.ts";

export interface PlanOptions {
  readonly on: readonly string[];
  readonly only?: readonly string[];
  /** Also what is as it should be. */
  readonly all: boolean;
  /** File that keeps the plan. */
  readonly out?: string;
  /** 4 when there is nothing to do. */
  readonly detailedExitCode: boolean;
}

/** Whether applying it does anything. */
const doesSomething = (plan: Plan): boolean =>
  plan.items.some((item) => item.state === "change" || item.state === "unknown" || item.state === "remove");

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

/** Text for people: every host's plan, and a last line that says what all of it comes to. Pure. */
export function formatPlans(plans: readonly Plan[], all: boolean): string {
  const open = plans.filter(doesSomething);
  const last =
    plans.length < 2
      ? []
      : [
          open.length === 0
            ? `${counted(plans.length, "host")}: nothing to do`
            : `${open.length} of ${counted(plans.length, "host")} would change`,
        ];
  return [...plans.map((plan) => formatPlan(plan, { all })), ...last].join("\n");
}

export async function planConfig(context: Context, options: PlanOptions): Promise<number> {
  await using session = await openSession(context);
  return await showPlan(session, context, options);
}

export async function showPlan(session: Session, context: Context, options: PlanOptions): Promise<number> {
  const { out, clock, signal } = context;
  const { on, only, all, out: file } = options;
  const { platform } = session.project;
  const hosts = await chosenHosts(session, on);
  const prepared = await prepare(session, signal);
  const { answers, failed, exit } = await eachHost(hosts, context, async (declared) => {
    const { host, around } = prepared.get(declared.name) ?? { host: declared, around: undefined };
    const base = around === undefined ? {} : { around };
    const seen = await observe(host, await session.connect(host.name), {
      ...base,
      secrets: session.identity.vault,
      signal,
    });
    return planToSave(host, seen, { ...base, ...(only === undefined ? {} : { only }) });
  });
  const plans = answers.map((one) => one.value.plan);
  const lines = [formatPlans(plans, all)];
  if (file !== undefined) {
    if (failed.length > 0)
      throw fail(
        "ops.partly-failed",
        `the plan was not saved: ${failed.map((one) => one.host).join(", ")} could not be looked at`,
      );
    await savePlan(file, {
      platform: platform.name,
      digest: platformDigest(platform),
      madeAt: new Date(clock.now()).toISOString(),
      madeBy: process.env.USER ?? "",
      ...(only === undefined ? {} : { only }),
      hosts: answers.map((one) => one.value.saved),
    });
    lines.push(`saved in ${file}; exactly this is done by: ops config apply ${file}`);
  }
  out.result(coloured(lines.join("\n")), {
    ok: failed.length === 0,
    plans,
    ...(failed.length === 0 ? {} : { failed }),
    ...(file === undefined ? {} : { saved: file }),
  });
  if (exit !== exitCodes.done) return exit;
  return options.detailedExitCode && !plans.some(doesSomething) ? exitCodes.nothingToDo : exitCodes.done;
}
