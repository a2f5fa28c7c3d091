import { createHash } from "node:crypto";
import type { FieldChange } from "./plan/differences.ts";
import { match } from "./plan/match.ts";
import { cents, monthlyOfSeen } from "./plan/money.ts";
import { limited } from "./plan/only.ts";
import { ordered } from "./plan/order.ts";
import { addressProblems, nameProblems, ownerProblems, quotaProblems, referenceProblems } from "./plan/problems.ts";
import { deleteStep, movingOf, stepsOf, type Work } from "./plan/steps.ts";
import type { Catalog, Room, Traits } from "./provider.ts";
import { type Kind, operatorRef, type Ref, refOf, type Seen, type Wanted } from "./resource.ts";

/** What a plan rests on, read by {@link observe}. */
export interface Observed {
  readonly traits: Traits;
  readonly catalog: Catalog;
  readonly seen: readonly Seen[];
  /** For kinds of which more may be made, where the provider tells. */
  readonly room: { readonly [K in Kind]?: Room };
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
  const moving = movingOf(matches, observed, options);
  const work: Work = { options, observed, moving, drift: [], problems: [] };
  work.problems.push(
    ...addressProblems(matches),
    ...nameProblems(options.stack, wanted, traits),
    ...referenceProblems(wanted),
    ...ownerProblems(options.stack, observed),
    ...matches.flatMap((one) => one.problem ?? []),
  );
  const steps = matches.flatMap((one) => (one.problem === undefined ? stepsOf(one, work) : []));
  const creating = steps.some((step) => step.ref.startsWith("machine ") && /^(create|replace)$/.test(step.do));
  const needed = creating ? steps : steps.filter((step) => !(step.do === "create" && step.ref === operatorRef));
  const extra = options.unlisted === "delete" ? unlisted : [];
  const gone = extra.map((one) => deleteStep(one, work, "nothing asks for it"));
  work.problems.push(...quotaProblems(matches, observed));
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
  return { ...whole, digest: digestOfPlan(whole) };
}

/** The digest that belongs to a plan with this content. */
export const digestOfPlan = (plan: Omit<ProvisionPlan, "digest">): string =>
  createHash("sha256").update(JSON.stringify(plan)).digest("hex");

const sum = (all: readonly number[]): number => cents(all.reduce((total, one) => total + one, 0));
