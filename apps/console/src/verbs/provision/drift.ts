import { changesOf, type ProvisionPlan, type Ref } from "@slipway/provision";
import { coloured } from "../../cli/colour.ts";
import type { Context } from "../../cli/context.ts";
import { detailedExit } from "../../cli/detailed-exit.ts";
import { existingExit, existingLines, lookAtExisting } from "../../platform/existing-hosts.ts";
import { hasCloud, isProtection, planOf } from "../../platform/provisioning.ts";
import { openSession } from "../../platform/session.ts";

/** One thing of the cloud that is not as ops.config.ts says. */
export interface Drift {
  readonly ref: Ref;
  /** `changed`: by somebody in the cloud; `asked`: the file asks for something else since. */
  readonly what: "missing" | "changed" | "asked" | "off" | "unlisted";
  readonly field?: string;
  readonly is?: string;
  readonly wanted?: string;
}

/** What a plan comes to when nothing is to be done. Pure. */
export function driftOf(plan: Pick<ProvisionPlan, "steps" | "unlisted">): readonly Drift[] {
  const steps = plan.steps.flatMap((step): readonly Drift[] => {
    const { ref } = step;
    if (step.do === "create") return [{ ref, what: "missing" }];
    if (step.do === "start") return [{ ref, what: "off" }];
    return step.fields.map(({ field, from, to, by }) => ({
      ref,
      what: by === "cloud" ? "changed" : "asked",
      field,
      is: from,
      wanted: to,
    }));
  });
  return [...steps, ...plan.unlisted.map(({ ref }): Drift => ({ ref, what: "unlisted" }))];
}

/** What a plan could not compare, such as two machines of one host: it has no step for that. Pure. */
export const doubtsOf = ({ problems }: Pick<ProvisionPlan, "problems">): readonly string[] =>
  problems.filter((problem) => !isProtection(problem));

const lineOf = ({ ref, what, field, is, wanted }: Drift): string => {
  if (what === "missing") return `  + ${ref}: it is not there`;
  if (what === "off") return `  ~ ${ref}: it is off`;
  if (what === "unlisted") return `  ? ${ref}: nothing in ops.config.ts asks for it`;
  const why = what === "changed" ? "changed in the cloud" : "the file was changed";
  return `  ~ ${ref}: ${field} is ${is === "" ? "nothing" : is}, wanted ${wanted === "" ? "nothing" : wanted} (${why})`;
};

/** Compares what is in the cloud with what the file asks for. Changes nothing. */
export async function driftProvision(
  context: Context,
  options: { readonly detailedExitCode: boolean },
): Promise<number> {
  await using session = await openSession(context);
  // A replacement that the file asks for is a difference like any other here, not a problem.
  const replace = session.project.platform.hosts.map((host) => `machine ${host.name}` as const);
  const [plan, existing] = await Promise.all([
    hasCloud(session) ? planOf(session, { replace }) : undefined,
    lookAtExisting(session, context),
  ]);
  const drift = plan === undefined ? [] : driftOf(plan);
  const doubts = plan === undefined ? [] : doubtsOf(plan);
  const wrong = existing.filter((one) => !one.ok);
  const lines = [...drift.map(lineOf), ...doubts.map((doubt) => `  ! ${doubt}`), ...existingLines(wrong)];
  const none = lines.length === 0;
  const { name } = session.project.platform;
  context.out.result(coloured(none ? `${name}: no drift` : [`${name}: ${lines.length} differ`, ...lines].join("\n")), {
    ok: wrong.length === 0,
    drift,
    problems: doubts,
    changes: plan === undefined ? 0 : changesOf(plan),
    existing,
  });
  return detailedExit(options, existingExit(existing), none);
}
