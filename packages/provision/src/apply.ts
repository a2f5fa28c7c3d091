import { type Clock, type Journal, messageOf, systemClock } from "@slipway/model";
import { answersSsh } from "./answers-ssh.ts";
import { type Node, type Outcome, runGraph } from "./apply/graph.ts";
import { grow } from "./apply/grow.ts";
import { ready } from "./apply/ready.ts";
import { type Connect, type ProvisionEvent, type ProvisionRecord, pinned, type Run, watcher } from "./apply/run.ts";
import { type About, doStep } from "./apply/steps.ts";
import { fail } from "./errors.ts";
import { listMachines, type MachineInfo } from "./machines.ts";
import { observe } from "./observe.ts";
import { isStale } from "./plan/stale.ts";
import { changesOf, type ProvisionPlan, planProvision, type Step } from "./plan.ts";
import type { Provider, Scope } from "./provider.ts";
import { type Ref, refOf, type Seen } from "./resource.ts";

export type { Connect, ProvisionEvent, ProvisionRecord, ProvisionStep } from "./apply/run.ts";

export interface ApplyOptions {
  readonly provider: Provider;
  /** Opens a connection; must refuse another host key before it authenticates (`@slipway/connection` does). */
  readonly connect: Connect;
  readonly onEvent?: (event: ProvisionEvent) => void;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  /** Closes the one gap that marks leave: a creation of a run that died while lists lagged behind. */
  readonly journal?: Journal<ProvisionRecord>;
  /** Whether sshd answers at an address, asked again and again. Default: looks there. */
  readonly answers?: (address: string, signal: AbortSignal) => Promise<boolean>;
  /** For everything together. Default 10 minutes, and an hour more when a machine gets another size. */
  readonly deadlineMs?: number;
}

export interface ApplyResult {
  /** All machines of the stack, as they are now. */
  readonly machines: readonly MachineInfo[];
  /** Steps that were done. */
  readonly changes: number;
  /** With those that were not tried because what they wait for failed: their error is `plan.dependency`. */
  readonly failed: readonly { readonly ref: Ref; readonly error: unknown }[];
}

/** More than this many connections and calls at once help nobody. */
const atOnce = 64;

const usualMs = 600_000;
/** The disk of a machine is copied when it grows. */
const resizeMs = 3_600_000;

/** How long applying a plan may take, unless it is said. */
export const deadlineOf = ({ steps }: Pick<ProvisionPlan, "steps">): number =>
  usualMs +
  (steps.some((step) => step.do === "update" && step.fields.some((one) => one.field === "size")) ? resizeMs : 0);

/** What {@link observe} looks at for a plan with these options. */
export const scopeOf = ({ wanted, options }: Pick<ProvisionPlan, "wanted" | "options">): Scope => ({
  wanted,
  all: options.unlisted === "delete",
  adopt: options.adopt ?? [],
});

/**
 * Makes the plan true: each step as soon as those that it waits for are done, and every machine taken to `ready`. Machines that were there are taken
 * through the same, so what an interrupted run left is finished. Rejects before any change with `plan.problems`, or with `plan.stale` when the
 * cloud is no longer as planned; what fails is in `failed`, stops only what waits for it, and is done by the next run. May be killed at any moment.
 */
export async function applyProvision(given: ProvisionPlan, options: ApplyOptions): Promise<ApplyResult> {
  const { provider } = options;
  const clock = options.clock ?? systemClock;
  refuseProblems(given);
  const observed = await observe(provider, scopeOf(given));
  // What is done is what follows from the cloud as it is now, whatever steps the given plan lists.
  const plan = planProvision(given.wanted, observed, given.options);
  if (isStale(given, plan)) throw fail("plan.stale", "the cloud changed since the plan was made");
  refuseProblems(plan);
  const began = clock.monotonic();
  const signal = AbortSignal.any([
    AbortSignal.timeout(options.deadlineMs ?? deadlineOf(plan)),
    ...(options.signal === undefined ? [] : [options.signal]),
  ]);
  const run: Run = {
    stack: plan.stack,
    provider,
    connect: pinned(options.connect, signal),
    answers: (address) => (options.answers ?? answersAt22)(address, signal),
    clock,
    signal,
    journal: options.journal,
    tell: (ref, step, detail) =>
      options.onEvent?.({
        ref,
        name: ref.slice(ref.indexOf(" ") + 1),
        step,
        ms: clock.monotonic() - began,
        ...(detail !== undefined && { detail }),
      }),
    links: linksOf(plan, observed.seen),
    ...watcher(provider, clock, signal),
    chosen: new Set(plan.steps.map((step) => step.ref)),
    made: new Set(),
    replaced: new Set(),
  };
  const nodes = plan.steps.flatMap((step) => {
    const about = aboutOf(step, plan, observed.seen);
    return nodesOf({ ...step, after: [...step.after, ...bootingFor(step, about, run)] }, about, run);
  });
  const outcomes = await runGraph(nodes, atOnce);
  options.signal?.throwIfAborted();
  const failed = failures(plan, outcomes, run);
  const changed = plan.steps.filter((step) => step.do !== "keep" && outcomes.get(step.id)?.done === true);
  return { machines: await listMachines(provider), changes: changesOf({ steps: changed }), failed };
}

function refuseProblems({ problems }: ProvisionPlan): void {
  if (problems.length > 0) throw fail("plan.problems", problems.join("; "));
}

const answersAt22 = (address: string, signal: AbortSignal): Promise<boolean> => answersSsh(address, 22, signal);

/** What was seen of the resources that the plan is about; the operator's key stands for whoever added it. */
function linksOf(plan: ProvisionPlan, seen: readonly Seen[]): Map<string, Seen> {
  const byId = new Map(seen.map((one) => [`${one.kind} ${one.id}`, one]));
  const planned = plan.steps.flatMap((step) => {
    const kind = step.ref.slice(0, step.ref.indexOf(" "));
    const found = step.do === "delete" || step.do === "replace" ? undefined : byId.get(`${kind} ${step.cloudId}`);
    return found === undefined ? [] : [[step.ref, found] as const];
  });
  // Machines that a plan for some resources leaves alone.
  const refs = new Set(plan.steps.map((step) => step.ref));
  const others = seen.flatMap((one) =>
    one.kind === "machine" && one.ours && !one.retired && !refs.has(refOf(one)) ? [[refOf(one), one] as const] : [],
  );
  return new Map<string, Seen>([...others, ...planned]);
}

/**
 * The machine whose address a step needs, when a killed run left it booting. The plan does not say so: it would be stale as soon as the machine has
 * booted.
 */
function bootingFor(step: Step, { wanted }: About, { links }: Pick<Run, "links">): readonly string[] {
  if (step.do === "keep" || wanted === undefined) return [];
  const needs =
    wanted.kind === "reserved-ip"
      ? refOf({ kind: "machine", name: wanted.machine })
      : wanted.kind === "record" && typeof wanted.data !== "string"
        ? wanted.data.of
        : undefined;
  const there = needs === undefined ? undefined : links.get(needs);
  return there?.kind === "machine" && there.address === "" ? [`ready ${needs}`] : [];
}

function aboutOf(step: Step, plan: ProvisionPlan, seen: readonly Seen[]): About {
  const kind = step.ref.slice(0, step.ref.indexOf(" "));
  return {
    wanted: step.do === "delete" ? undefined : plan.wanted.find((one) => refOf(one) === step.ref),
    seen: seen.find((one) => one.id === step.cloudId && one.kind === kind),
    hostKey: plan.options.adopt?.find((one) => one.ref.toLowerCase() === step.ref)?.hostKey,
  };
}

function nodesOf(step: Step, about: About, run: Run): readonly Node[] {
  const told = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      const slow = run.signal.aborted;
      const why = slow ? fail("machine.slow", `${step.ref} was not done in time`, { cause: error }) : error;
      run.tell(step.ref, "failed", messageOf(why));
      throw why;
    }
  };
  const own: Node = { id: step.id, after: step.after, run: () => told(() => doStep(step, about, run)) };
  const { wanted } = about;
  if (wanted?.kind === "volume" && wanted.machine !== undefined && mayGrow(step, wanted.machine, run)) {
    const after = [step.id, `ready ${refOf({ kind: "machine", name: wanted.machine })}`];
    return [own, { id: `grow ${step.ref}`, after, run: () => told(() => grow(step.ref, wanted, run)) }];
  }
  if (!step.ref.startsWith("machine ") || step.do === "delete") return [own];
  const getReady = async (): Promise<void> => {
    const machine = run.links.get(step.ref);
    if (machine?.kind === "machine") await ready(step.ref, machine, run);
  };
  return [own, { id: `ready ${step.ref}`, after: [step.id], run: () => told(getReady) }];
}

/** One that is kept may be what an interrupted run left; its machine is logged in to only when it is chosen. */
const mayGrow = ({ do: what, fields }: Step, machine: string, run: Run): boolean =>
  what === "keep" || what === "adopt"
    ? run.chosen.has(refOf({ kind: "machine", name: machine }))
    : what === "update" && fields.some(({ field }) => field === "gigabytes" || field === "machine");

function failures(plan: ProvisionPlan, outcomes: ReadonlyMap<string, Outcome>, run: Run): ApplyResult["failed"] {
  const failed = new Map<Ref, unknown>();
  for (const step of plan.steps)
    for (const id of [step.id, `ready ${step.ref}`, `grow ${step.ref}`]) {
      const outcome = outcomes.get(id);
      if (outcome?.done !== false || failed.has(step.ref)) continue;
      if ("error" in outcome) failed.set(step.ref, outcome.error);
      else {
        const why = `${step.id} was not tried, because it waits for: ${outcome.because}`;
        run.tell(step.ref, "skipped", why);
        failed.set(step.ref, fail("plan.dependency", why));
      }
    }
  return [...failed].map(([ref, error]) => ({ ref, error }));
}
