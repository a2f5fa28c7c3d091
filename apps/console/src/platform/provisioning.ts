import { join } from "node:path";
import { ssh } from "@slipway/connection";
import { fileJournal } from "@slipway/journal";
import { type ExitCode, exitCodes, messageOf, SlipwayError, type SshAddress } from "@slipway/model";
import {
  type ApplyResult,
  applyProvision,
  observe,
  type PlanOptions,
  type ProvisionPlan,
  type ProvisionRecord,
  planProvision,
  type Ref,
  refOf,
  scopeOf,
  type Wanted,
  wantedOf,
} from "@slipway/provision";
import type { Context } from "../cli/context.ts";
import { fail } from "../errors.ts";
import { provisionTeller } from "./provision-teller.ts";
import type { Session } from "./session.ts";
import { isMade } from "./targets.ts";

/** What ops.config.ts asks of the cloud. */
export const wantedHere = ({ project, identity }: Session): readonly Wanted[] =>
  wantedOf(project.platform.hosts, project.platform.resources ?? [], identity.ssh.publicKey);

/** Whether anything of the platform is made in a cloud. */
export const hasCloud = ({ project }: Session): boolean => project.platform.hosts.some((host) => isMade(host.on));

/** The ref of a host's machine. Throws `ops.unknown-host`, `ops.not-made` for one that nobody makes. */
export function machineRef(session: Session, name: string): Ref {
  const host = session.host(name);
  if (!isMade(host.on)) throw fail("ops.not-made", `the machine of ${name} is not made by ops provision`);
  return refOf({ kind: "machine", name });
}

export type Asked = Omit<PlanOptions, "stack">;

/** A plan of what is `wanted`, by default what the file asks for. Changes nothing. */
export async function planOf(
  session: Session,
  asked: Asked = {},
  wanted: readonly Wanted[] = wantedHere(session),
): Promise<ProvisionPlan> {
  const { provider } = await session.cloud();
  const options = { ...asked, stack: session.project.platform.name };
  return planProvision(wanted, await observe(provider, scopeOf({ wanted, options })), options);
}

/** Whether a plan is only refused for it because somebody wanted it so: nothing is wrong with what is there. Pure. */
export const isProtection = (problem: string): boolean => problem.endsWith("; unprotect it first");

/** Why a plan is refused, all of it: `ops.protected` where only protection stands in its way, `ops.plan-problems`. Pure. */
export function refusalOf({ problems }: Pick<ProvisionPlan, "problems">): SlipwayError | undefined {
  if (problems.length === 0) return undefined;
  return fail(problems.every(isProtection) ? "ops.protected" : "ops.plan-problems", problems.join("; "));
}

/** Throws what {@link refusalOf} gives. */
export function refuseProblems(plan: Pick<ProvisionPlan, "problems">): void {
  const refusal = refusalOf(plan);
  if (refusal !== undefined) throw refusal;
}

/** How a verb that only shows a plan ends: with the exit code that doing it would have. Says what to do, since the plan names the problems itself. */
export function shownRefusal(
  { out }: Pick<Context, "out">,
  plan: Pick<ProvisionPlan, "problems">,
): { readonly exit: ExitCode; readonly error?: object } {
  const refusal = refusalOf(plan);
  if (refusal === undefined) return { exit: exitCodes.done };
  out.mark("bad", `${refusal.code}: ${refusal.hint}`);
  return { exit: refusal.exitCode, error: refusal.toJSON() };
}

const bootMs = 60_000;

/** Makes a plan true, and tells what happens. Throws what stopped all of it, `ops.partly-failed` when some of it was done, `plan.stale`. */
export async function applyPlan(session: Session, context: Context, plan: ProvisionPlan): Promise<ApplyResult> {
  const { out, clock, signal } = context;
  const { provider } = await session.cloud();
  const { privateKey } = session.identity.ssh;
  await using journal = await fileJournal<ProvisionRecord>(join(session.folder.root, "journal", "provision.jsonl"), {
    signal,
    clock,
  });
  const result = await applyProvision(plan, {
    provider,
    clock,
    signal,
    journal,
    connect: (address: SshAddress, stop) => ssh(address, { privateKey }, { signal: stop, waitMs: bootMs, clock }),
    onEvent: provisionTeller(out),
  });
  session.forget();
  await session.machines();
  const error = applyError(plan, result.failed);
  if (error !== undefined) throw error;
  return result;
}

/** What an apply ends with where not all of it was done, as {@link applyPlan} throws it. Pure. */
export function applyError(plan: Pick<ProvisionPlan, "steps">, failed: ApplyResult["failed"]): Error | undefined {
  const [first] = failed;
  if (first === undefined) return undefined;
  const codeOf = (error: unknown): string | undefined => (error instanceof SlipwayError ? error.code : undefined);
  // What another operator made at the same time is not half done, nor is what waits for it.
  const stale = failed.find(({ error }) => codeOf(error) === "plan.stale");
  const yielded = failed.every(({ error }) => /^plan\.(stale|dependency)$/.test(codeOf(error) ?? ""));
  if (stale !== undefined && yielded) return errorOf(stale.error);
  const tried = plan.steps.filter((step) => step.do !== "keep" || step.ref.startsWith("machine "));
  if (failed.length >= tried.length) return errorOf(first.error);
  return fail("ops.partly-failed", `not done: ${failed.map((one) => one.ref).join(", ")}`, { cause: first.error });
}

const errorOf = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(messageOf(thrown)));
