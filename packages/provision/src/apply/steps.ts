import { randomBytes } from "node:crypto";
import { fail } from "../errors.ts";
import type { Step } from "../plan.ts";
import { isProtected, refuseProtected } from "../protection.ts";
import type { Intent, Makes, Provider } from "../provider.ts";
import type { Kind, Ref, Seen, SeenMachine, Wanted } from "../resource.ts";
import { letGo } from "./let-go.ts";
import { yieldToOlder } from "./rivals.ts";
import type { Run } from "./run.ts";

/** What a step is about, looked up when the apply began. */
export interface About {
  readonly wanted: Wanted | undefined;
  /** The resource as it was seen, by the step's id in the cloud. */
  readonly seen: Seen | undefined;
  /** Of a machine to be adopted. */
  readonly hostKey: string | undefined;
}

/** Does one step; a machine is then active, and not yet ready. */
export async function doStep(step: Step, about: About, run: Run): Promise<void> {
  const { ref } = step;
  const { wanted, seen } = about;
  switch (step.do) {
    case "create":
      return create(ref, need(wanted, step), run);
    case "replace":
      await stillMayGo(seen, run);
      if (seen !== undefined) run.replaced.add(seen.id);
      await run.journal?.append({ kind: "ended", stack: run.stack, ref });
      if (seen?.kind === "machine") await run.provider.retire(seen);
      await create(ref, need(wanted, step), run);
      // The step that follows deletes the old one.
      if (seen !== undefined && run.links.get(ref)?.id === seen.id)
        throw fail("plan.stale", `${ref} is there under the same name and cannot be made anew beside it`);
      return;
    case "update": {
      const there = need(seen, step);
      run.tell(ref, "updating", step.fields.map((one) => one.field).join(", "));
      const fields = step.fields.map((one) => one.field);
      if (there.kind === "volume" && fields.includes("machine")) await letGo(there, run);
      // What is to be unprotected is wanted without protection already.
      await makes(run.provider, there.kind).update(there, need(wanted, step), fields, run.links);
      run.tell(ref, "updated");
      if (there.kind !== "machine") return;
      // What needs it off switches it on again itself.
      if (there.status === "off" && !step.fields.some((one) => one.how === "while off"))
        await run.provider.start(there);
      return active(ref, there, run);
    }
    case "start": {
      run.tell(ref, "starting");
      const machine = need(seen, step);
      if (machine.kind !== "machine") return;
      await run.provider.start(machine);
      return active(ref, machine, run);
    }
    case "adopt": {
      const there = need(seen, step);
      // The key first: a machine that is the stack's without one is trusted by nobody, and cannot be adopted again.
      if (there.kind === "machine" && about.hostKey !== undefined)
        await run.provider.pin(there, [about.hostKey.split(" ").slice(0, 2).join(" ")], false);
      await makes(run.provider, there.kind).adopt(there, need(wanted, step), run.links);
      run.tell(ref, "adopted", there.id);
      if (there.kind !== "machine") return;
      if (there.status === "off") await run.provider.start(there);
      return active(ref, there, run);
    }
    case "keep": {
      const there = need(seen, step);
      run.tell(ref, "kept");
      if (there.kind === "machine" && !(there.status === "active" && there.address !== ""))
        await active(ref, there, run);
      else if (there.kind === "machine") run.tell(ref, "active", there.address);
      return;
    }
    case "delete": {
      const there = need(seen, step);
      await stillMayGo(there, run);
      run.tell(ref, "deleting", there.id);
      await makes(run.provider, there.kind).remove(there);
      await run.journal?.append({ kind: "ended", stack: run.stack, ref });
      run.tell(ref, "deleted", there.id);
    }
  }
}

/** Throws `cloud.protected` for what somebody protected since the plan was made, or while what it waited for was done. */
async function stillMayGo(seen: Seen | undefined, run: Run): Promise<void> {
  if (seen === undefined) return;
  const now = seen.kind === "machine" ? (await run.machines()).find((one) => one.id === seen.id) : undefined;
  refuseProtected(seen, isProtected(now ?? seen));
}

const need = <T>(value: T | undefined, step: Step): T => {
  if (value === undefined) throw fail("plan.stale", `${step.id}: it is no longer there`);
  return value;
};

/** The provider's way of making a kind. The kinds of `Makes` stand side by side: one of all kinds takes what `kind` says. */
export function makes(provider: Provider, kind: Kind): Makes<Kind> {
  const found = provider.makes[kind];
  if (found === undefined) throw fail("plan.problems", `${provider.traits.name} has no ${kind}`);
  return found as unknown as Makes<Kind>;
}

async function create(ref: Ref, wanted: Wanted, run: Run): Promise<void> {
  run.tell(ref, "creating");
  const open = await recentIntent(ref, run);
  const intent: Intent = { id: open ?? randomBytes(8).toString("hex"), begun: open !== undefined };
  const record = { stack: run.stack, ref, intent: intent.id } as const;
  if (open === undefined) await run.journal?.append({ kind: "creating", ...record });
  const made = await makes(run.provider, wanted.kind).create(wanted, run.links, intent);
  await run.journal?.append({ kind: "created", ...record });
  run.links.set(ref, made);
  run.tell(ref, "created", made.id);
  if (made.kind !== "machine") return;
  // Where names are unique, it may be one that another operator made at the same moment.
  if (made.intent === intent.id) run.made.add(made.id);
  await active(ref, made, run);
}

const recentMs = 300_000;

/**
 * The intent of a recent creation. A plan that wants it made nevertheless was made while lists lagged behind, after a run that died before it saw
 * the answer, or just now.
 */
async function recentIntent(ref: Ref, { journal, stack, clock }: Run): Promise<string | undefined> {
  let recent: string | undefined;
  if (journal === undefined) return undefined;
  for await (const { record, at } of journal.read()) {
    if (record.stack !== stack || record.ref !== ref) continue;
    recent = record.kind !== "ended" && clock.now() - at < recentMs ? record.intent : undefined;
  }
  return recent;
}

async function active(ref: Ref, machine: SeenMachine, run: Run): Promise<void> {
  const now = await run.active(machine.id);
  await yieldToOlder(ref, now, run);
  run.links.set(ref, now);
  run.tell(ref, "active", now.address);
}
