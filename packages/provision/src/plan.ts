import { createHash } from "node:crypto";
import { differences, type FieldChange, otherUserData } from "./plan/differences.ts";
import { type Match, match } from "./plan/match.ts";
import { monthlyOf, monthlyOfSeen } from "./plan/money.ts";
import { limited } from "./plan/only.ts";
import { ordered } from "./plan/order.ts";
import {
  addressProblems,
  machineProblems,
  nameProblems,
  quotaProblem,
  referenceProblems,
  volumeProblems,
} from "./plan/problems.ts";
import type { Catalog, Traits } from "./provider.ts";
import { type Ref, refOf, type Seen, type Wanted } from "./resource.ts";

/** What a plan rests on, read by {@link observe}. */
export interface Observed {
  readonly traits: Traits;
  readonly catalog: Catalog;
  readonly seen: readonly Seen[];
}

export interface PlanOptions {
  readonly stack: string;
  /** Also deletes what is ours and nobody asks for. Default: it is only named. */
  readonly unlisted?: "keep" | "delete";
  /** Does only what is asked of these, and what they wait for. Default: everything. */
  readonly only?: readonly Ref[];
  /** Machines and others, by ref (`machine web`), that may be destroyed and made anew when a change needs it. */
  readonly replace?: readonly Ref[];
  /** Resources that shall lose their protection. */
  readonly unprotect?: readonly Ref[];
  /** Existing resources that shall become the stack's. A machine needs its host key, `ssh-ed25519 AAAA…`: nothing else tells it. */
  readonly adopt?: readonly { readonly ref: Ref; readonly id: string; readonly hostKey?: string }[];
}

export type Do = "create" | "replace" | "update" | "start" | "adopt" | "keep" | "delete";

/** One thing that is done to one resource; plain data. */
export interface Step {
  /** Unique in its plan: `create machine web`. */
  readonly id: string;
  readonly do: Do;
  readonly ref: Ref;
  /** The resource's id in the cloud, once it has one. */
  readonly cloudId?: string;
  readonly fields: readonly FieldChange[];
  /** Why it is done, when that is not plain. */
  readonly reason?: string;
  /** Ids of the steps that it waits for; `ready machine web` is when that machine took a login and its cloud-init is done. */
  readonly after: readonly string[];
  /** What the resource costs a month when this is done, and how much that is more. */
  readonly monthly: number;
  readonly change: number;
}

export interface Unlisted {
  readonly ref: Ref;
  readonly cloudId: string;
  readonly monthly: number;
}

/** What will be done, and a digest that changes when anything that it rests on does. Plain data. */
export interface ProvisionPlan {
  readonly stack: string;
  readonly currency: Catalog["currency"];
  readonly steps: readonly Step[];
  /** Ours, asked for by nobody, left alone. */
  readonly unlisted: readonly Unlisted[];
  /** Differences that somebody made in the cloud, and those that are not changed, in words. */
  readonly drift: readonly string[];
  /** While there are any, nothing is applied. */
  readonly problems: readonly string[];
  /** All resources of the stack after this, and how much that is more than now. */
  readonly monthly: number;
  readonly change: number;
  readonly wanted: readonly Wanted[];
  readonly options: PlanOptions;
  /** SHA-256, hex. */
  readonly digest: string;
}

/** How many things the plan changes. */
export const changesOf = (plan: Pick<ProvisionPlan, "steps">): number =>
  plan.steps.filter((step) => step.do !== "keep").length;

/** Pure: from what is wanted and what was seen to what is to be done, all problems at once. */
export function planProvision(wanted: readonly Wanted[], observed: Observed, options: PlanOptions): ProvisionPlan {
  const { seen, catalog, traits } = observed;
  const adopt = (options.adopt ?? []).map((one) => one.id);
  const { matches, unlisted } = match(wanted, seen, adopt);
  const moving = new Set(
    matches.flatMap((one) =>
      one.wanted.kind === "machine" && (isHalfWay(one) || mustReplace(one, observed, options))
        ? [refOf(one.wanted)]
        : [],
    ),
  );
  const work: Work = { options, observed, moving, drift: [], problems: [] };
  work.problems.push(
    ...addressProblems(matches),
    ...nameProblems(options.stack, wanted, traits),
    ...referenceProblems(wanted),
    ...matches.flatMap((one) => one.problem ?? []),
  );
  const steps = matches.flatMap((one) => (one.problem === undefined ? stepsOf(one, work) : []));
  const creating = steps.some((step) => step.ref.startsWith("machine ") && /^(create|replace)$/.test(step.do));
  const needed = creating ? steps : steps.filter((step) => !(step.do === "create" && step.ref === operatorRef));
  const extra = options.unlisted === "delete" ? unlisted : [];
  const gone = extra.map((one) => deleteStep(one, work, "nothing asks for it"));
  work.problems.push(...quotaProblem(matches, observed));
  const all = ordered([...needed, ...gone], { matches, extra, observed });
  const planned = {
    stack: options.stack,
    currency: catalog.currency,
    steps: options.only === undefined ? all : limited(all, options.only),
    unlisted: (options.unlisted === "delete" ? [] : unlisted).map((one) => ({
      ref: refOf(one),
      cloudId: one.id,
      monthly: monthlyOfSeen(one, catalog),
    })),
    drift: work.drift,
    problems: [...new Set(work.problems)],
  };
  const change = sum(planned.steps.map((step) => step.change));
  const now = sum(seen.filter((one) => one.ours).map((one) => monthlyOfSeen(one, catalog)));
  const whole = { ...planned, monthly: cents(now + change), change: cents(change), wanted, options };
  return { ...whole, digest: createHash("sha256").update(JSON.stringify(whole)).digest("hex") };
}

/** The operator's key, which is added only when a machine is made. */
export const operatorRef: Ref = "key operator";

interface Work {
  readonly options: PlanOptions;
  readonly observed: Observed;
  readonly moving: ReadonlySet<Ref>;
  readonly drift: string[];
  readonly problems: string[];
}

const cents = (amount: number): number => Math.round(amount * 100) / 100;
const sum = (all: readonly number[]): number => cents(all.reduce((total, one) => total + one, 0));
const quoted = (value: string): string => (value === "" ? "nothing" : value);

function mustReplace({ wanted, seen }: Match, { traits, seen: all }: Observed, options: PlanOptions): boolean {
  if (seen === undefined || !seen.ours || !mayReplace(refOf(wanted), options)) return false;
  const fields = differences(wanted, seen, { traits, seen: all, moving: new Set() });
  return (
    fields.some((one) => one.how === "replace") ||
    (wanted.kind === "machine" && seen.kind === "machine" && otherUserData(wanted, seen))
  );
}

/** Whether a former run marked the old machine and did not come to making the new one. */
const isHalfWay = ({ seen, superseded }: Match): boolean => seen === undefined && superseded.length > 0;

const mayReplace = (ref: Ref, { replace }: PlanOptions): boolean =>
  (replace ?? []).some((one) => one.toLowerCase() === ref);

function stepsOf(one: Match, work: Work): readonly Step[] {
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
  if (!seen.ours && adopted !== undefined)
    return [step("adopt", { cloudId: seen.id, change: monthly, reason: `${seen.id} becomes the stack's` }), ...old];
  if (seen.kind === "domain" && !seen.ours && seen.empty)
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
  if (all.length > 0) return [step("update", { cloudId: seen.id, fields: all, change }), ...old];
  if (seen.kind === "machine" && seen.status === "off")
    return [step("start", { cloudId: seen.id, reason: "it is off" }), ...old];
  return [step("keep", { cloudId: seen.id }), ...old];
}

const isProtected = (one: Wanted | Seen): boolean => "protect" in one && one.protect;

function tellDrift(ref: Ref, fields: readonly FieldChange[], { drift }: Work): void {
  for (const { field, from, to, by } of fields)
    if (by === "cloud") drift.push(`${ref}: somebody changed ${field} to ${quoted(from)}, it was ${quoted(to)}`);
}

function deleteStep(seen: Seen, work: Work, reason: string): Step {
  const ref = refOf(seen);
  if (isProtected(seen) && !(seen.kind === "machine" && seen.retired))
    work.problems.push(`${ref} is protected and would be destroyed; unprotect it first`);
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
