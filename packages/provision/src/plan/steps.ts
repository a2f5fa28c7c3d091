import { ownersText } from "../owners.ts";
import type { Do, Observed, PlanOptions, Step } from "../plan.ts";
import { isProtected } from "../protection.ts";
import { type Ref, refOf, type Seen } from "../resource.ts";
import { differences, type FieldChange, otherUserData, takesAnother } from "./differences.ts";
import type { Match } from "./match.ts";
import { cents, monthlyOf, monthlyOfSeen } from "./money.ts";
import { machineProblems, volumeProblems } from "./problems.ts";

/** What the steps of one plan are made with; what is told and what is wrong is put into it. */
export interface Work {
  readonly options: PlanOptions;
  readonly observed: Observed;
  readonly moving: ReadonlySet<Ref>;
  readonly drift: string[];
  readonly problems: string[];
}

const quoted = (value: string): string => (value === "" ? "nothing" : value);

const mustReplace = ({ wanted, seen }: Match, observed: Observed, options: PlanOptions): boolean =>
  seen?.ours === true && mayReplace(refOf(wanted), options) && takesAnother(wanted, seen, observed);

/** Whether a former run marked the old machine and did not come to making the new one. */
const isHalfWay = ({ seen, superseded }: Match): boolean => seen === undefined && superseded.length > 0;

const mayReplace = (ref: Ref, { replace }: PlanOptions): boolean =>
  (replace ?? []).some((one) => one.toLowerCase() === ref);

/** Machines that another one will stand for, so that what leads to them moves. Pure. */
export const movingOf = (matches: readonly Match[], observed: Observed, options: PlanOptions): ReadonlySet<Ref> =>
  new Set(
    matches.flatMap((one) =>
      one.wanted.kind === "machine" && (isHalfWay(one) || mustReplace(one, observed, options))
        ? [refOf(one.wanted)]
        : [],
    ),
  );

/** What is done to one wanted resource, and to those whose place it takes. */
export function stepsOf(one: Match, work: Work): readonly Step[] {
  const { wanted, seen, superseded } = one;
  const ref = refOf(wanted);
  const { catalog } = work.observed;
  const monthly = monthlyOf(wanted, catalog);
  const step = (what: Do, more: Partial<Step> = {}): Step => ({
    id: `${what} ${ref}`,
    do: what,
    ref,
    fields: [],
    after: [],
    monthly,
    change: 0,
    ...more,
  });
  const old = superseded.map((each) => deleteStep(each, work, "another one takes its place"));
  const adopted = (work.options.adopt ?? []).find((each) => each.id === seen?.id && each.ref.toLowerCase() === ref);
  work.problems.push(...machineProblems(one, work.observed, adopted), ...volumeProblems(one));
  if (seen === undefined) return [step("create", { change: monthly }), ...old];
  if (adopted !== undefined && seen.owners !== undefined)
    work.problems.push(
      `${ref}: ${seen.id} cannot be adopted, it belongs to ${ownersText(seen.owners)}; release it there first`,
    );
  if (!seen.ours && adopted !== undefined)
    return [step("adopt", { cloudId: seen.id, change: monthly, reason: `${seen.id} becomes the stack's` }), ...old];
  if (seen.kind === "domain" && !seen.ours && seen.empty && seen.owners === undefined)
    return [step("adopt", { cloudId: seen.id, reason: "nothing is in it" }), ...old];
  if (!seen.ours) return [step("keep", { cloudId: seen.id, monthly: 0, reason: "it was there before" }), ...old];
  const fields = differences(wanted, seen, { ...work.observed, moving: work.moving });
  const change = cents(monthly - monthlyOfSeen(seen, catalog));
  tellDrift(ref, fields, work);
  if (
    wanted.kind === "machine" &&
    seen.kind === "machine" &&
    otherUserData(wanted, seen) &&
    !mayReplace(ref, work.options)
  )
    work.drift.push(`${ref}: its user data was another when it was made; only a new machine reads it`);
  const unprotect = (work.options.unprotect ?? []).some((each) => each.toLowerCase() === ref) && isProtected(seen);
  if (unprotect && isProtected(wanted))
    work.problems.push(`${ref}: the file protects it; take protect out of the file first`);
  const replacing = fields.filter((each) => each.how === "replace");
  if (mustReplace(one, work.observed, work.options)) {
    if (isProtected(seen)) work.problems.push(`${ref} is protected and would be replaced; unprotect it first`);
    const why = replacing.map((each) => `${each.field} ${quoted(each.from)} → ${each.to}`).join(", ");
    const reason = why === "" ? "its user data changed" : why;
    return [
      step("replace", { cloudId: seen.id, fields: replacing, reason, change: monthly }),
      ...old,
      deleteStep(seen, work, "another one takes its place"),
    ];
  }
  if (replacing.length > 0) {
    const [first] = replacing;
    work.problems.push(
      `${ref}: ${first?.field} is ${quoted(first?.from ?? "")}, asked for ${first?.to}; that takes another one in its place, which loses what is on it: allow it by replace`,
    );
    return old;
  }
  const all = unprotect
    ? [...fields, { field: "protect", from: "on", to: "off", how: "in place", by: "file" } as const]
    : fields;
  if (all.some((each) => each.field === "ipv6"))
    work.drift.push(`${ref}: its system must be told of its IPv6 address by hand; only a new one knows it by itself`);
  if (all.length > 0) return [step("update", { cloudId: seen.id, fields: all, change }), ...old];
  if (seen.kind === "machine" && seen.status === "off")
    return [step("start", { cloudId: seen.id, reason: "it is off" }), ...old];
  return [step("keep", { cloudId: seen.id }), ...old];
}

function tellDrift(ref: Ref, fields: readonly FieldChange[], { drift }: Work): void {
  for (const { field, from, to, by } of fields)
    if (by === "cloud") drift.push(`${ref}: somebody changed ${field} to ${quoted(from)}, it was ${quoted(to)}`);
}

export function deleteStep(seen: Seen, work: Work, reason: string): Step {
  const ref = refOf(seen);
  if (isProtected(seen)) work.problems.push(`${ref} is protected and would be destroyed; unprotect it first`);
  return {
    id: `delete ${ref} ${seen.id}`,
    do: "delete",
    ref,
    cloudId: seen.id,
    fields: [],
    reason,
    after: [],
    monthly: 0,
    change: -monthlyOfSeen(seen, work.observed.catalog),
  };
}
