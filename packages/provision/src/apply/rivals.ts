import { fail } from "../errors.ts";
import { type Ref, refOf, type SeenMachine } from "../resource.ts";
import type { Run } from "./run.ts";

/** Which of two was made first; whoever asks is told the same. */
const older = (a: SeenMachine, b: SeenMachine): boolean =>
  a.created < b.created || (a.created === b.created && Number(a.id) < Number(b.id));

/**
 * Two operators may make one machine at the same moment, each by a plan that was true. The older one stays. Of what this run made, the younger is
 * removed again, and `plan.stale` is thrown. Asked when a machine is active, and again when it is ready: then lists show the other one, too.
 */
export async function yieldToOlder(ref: Ref, machine: SeenMachine, run: Run): Promise<void> {
  if (!run.made.has(machine.id)) return;
  const rival = (await run.machines()).find(
    (other) =>
      other.id !== machine.id &&
      refOf(other) === ref &&
      !other.retired &&
      !run.replaced.has(other.id) &&
      older(other, machine),
  );
  if (rival === undefined) return;
  const { machine: machines } = run.provider.makes;
  // The file's protection is for the one that stays.
  if (machine.protect) await machines?.update(machine, { ...machine, protect: false }, ["protect"], run.links);
  await machines?.remove(machine);
  await run.journal?.append({ kind: "ended", stack: run.stack, ref });
  run.links.delete(ref);
  throw fail(
    "plan.stale",
    `another operator made ${ref} at the same time: ${rival.id} stays, ${machine.id} was removed`,
  );
}
