import { hostname, userInfo } from "node:os";
import { resolve } from "node:path";
import { formatPlan, type Plan, planToSave } from "@slipway/config";
import { exitCodes } from "@slipway/model";
import { coloured } from "../../cli/colour.ts";
import type { Context } from "../../cli/context.ts";
import { detailedExit } from "../../cli/detailed-exit.ts";
import { fail } from "../../errors.ts";
import { eachHost } from "../../platform/each-host.ts";
import { stationsToDo } from "../../platform/host-stations.ts";
import { chosenHosts, observeHost, preparedHosts } from "../../platform/prepare.ts";
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

/** A host's plan with what would be done to the stations on it. */
export interface WholePlan extends Plan {
  readonly stations: readonly string[];
}

/** Whether applying it does anything. */
const doesSomething = (plan: WholePlan): boolean =>
  plan.stations.length > 0 ||
  plan.items.some((item) => item.state === "change" || item.state === "unknown" || item.state === "remove");

/** Text for people: every host's plan, those of hosts with the same one once, and a last line that says what it comes to. Pure. */
export function formatPlans(plans: readonly WholePlan[], all: boolean): string {
  const open = plans.filter(doesSomething);
  const hosts = new Map<string, string[]>();
  for (const plan of plans) {
    const text = [formatPlan({ ...plan, host: "" }, { all }), ...plan.stations.map((line) => `  ~ ${line}`)].join("\n");
    hosts.set(text, [...(hosts.get(text) ?? []), plan.host]);
  }
  const lines = [...hosts].map(([text, names]) => `${names.join(", ")}${text}`);
  if (plans.length > 1)
    lines.push(
      open.length === 0
        ? `${plans.length} hosts: nothing to do`
        : `${open.length} of ${plans.length} hosts would change`,
    );
  return lines.join("\n");
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
  const prepared = await preparedHosts(session, hosts, { signal, only });
  const { answers, failed, exit } = await eachHost(prepared, context, async (one) => {
    // First alone: a host that cannot be reached fails once, and not while nobody waits for it.
    const connection = await session.connect(one.host.name);
    const [seen, stations] = await Promise.all([
      observeHost(session, one, signal),
      only === undefined ? stationsToDo(one, connection) : [],
    ]);
    const made = planToSave(one.host, seen, { around: one.around, ...(only === undefined ? {} : { only }) });
    return { plan: { ...made.plan, stations }, saved: made.saved };
  });
  const plans = answers.map((one): WholePlan => one.value.plan);
  const unread = plans.filter((plan) => plan.items.some((item) => item.state === "unreadable"));
  const lines = [formatPlans(plans, all)];
  if (file !== undefined) {
    const missing = [...failed, ...unread].map((one) => one.host);
    if (missing.length > 0)
      throw fail("ops.partly-failed", `the plan was not saved: ${missing.join(", ")} could not be looked at`);
    await savePlan(resolve(context.cwd, file), {
      platform: platform.name,
      digest: platformDigest(platform),
      madeAt: new Date(clock.now()).toISOString(),
      madeBy: `${userInfo().username}@${hostname()}`,
      ...(only === undefined ? {} : { only }),
      hosts: answers.map((one) => one.value.saved),
      stations: Object.fromEntries(plans.map((plan) => [plan.host, plan.stations])),
    });
    lines.push(`saved in ${file}; exactly this is done by: ops config apply ${file}`);
  }
  out.result(coloured(lines.join("\n")), {
    ok: failed.length + unread.length === 0,
    plans,
    ...(failed.length === 0 ? {} : { failed }),
    ...(file === undefined ? {} : { saved: file }),
  });
  const whole = exit === exitCodes.done && unread.length > 0 ? exitCodes.failed : exit;
  return detailedExit(options, whole, !plans.some(doesSomething));
}
