import type { Observed, Step } from "../plan.ts";
import { type Ref, refOf, type Seen } from "../resource.ts";
import type { Match } from "./match.ts";

interface By {
  readonly matches: readonly Match[];
  /** Ours that go because nothing asks for them. */
  readonly extra: readonly Seen[];
  readonly observed: Observed;
}

/** Gives each step what it waits for. Pure. */
export function ordered(steps: readonly Step[], by: By): readonly Step[] {
  const made = new Map(steps.flatMap((step) => (step.do === "delete" ? [] : [[step.ref, step]])));
  const room = roomFor(steps, by.observed);
  const waits = new Map<string, Set<string>>(steps.map((step) => [step.id, new Set<string>()]));
  const wait = (step: Step | undefined, ...on: readonly (string | undefined)[]): void => {
    for (const id of on) if (step !== undefined && id !== undefined && id !== step.id) waits.get(step.id)?.add(id);
  };
  const deletes = steps.filter((step) => step.do === "delete");
  const of = (kind: string): readonly Step[] => steps.filter((step) => step.ref.startsWith(`${kind} `));
  const working = (ref: Ref): string | undefined => {
    const step = made.get(ref);
    return step === undefined || step.do === "keep" ? undefined : step.id;
  };
  const ready = (ref: Ref): string | undefined => (working(ref) === undefined ? undefined : `ready ${ref}`);
  const onMachine = new Map<Ref, string>();

  for (const { wanted, superseded } of by.matches) {
    const step = made.get(refOf(wanted));
    if (wanted.kind === "record") for (const one of superseded) wait(step, `delete ${refOf(one)} ${one.id}`);
    switch (wanted.kind) {
      case "machine":
        if (step?.do === "create" || step?.do === "replace")
          for (const key of of("key")) if (key.do !== "delete" && key.do !== "keep") wait(step, key.id);
        wait(step, ...wanted.firewalls.map((name) => working(refOf({ kind: "firewall", name }))));
        break;
      case "volume": {
        if (wanted.machine === undefined || step === undefined || step.do === "keep") break;
        const machine = refOf({ kind: "machine", name: wanted.machine });
        // One at a time: a machine takes no second action while one is pending.
        wait(step, working(machine), onMachine.get(machine));
        onMachine.set(machine, step.id);
        break;
      }
      case "reserved-ip":
        wait(step, ready(refOf({ kind: "machine", name: wanted.machine })));
        // A machine has one address at most: one that goes must not be taken for the new one.
        if (step?.do === "create")
          for (const one of deletes) if (one.ref.startsWith("reserved-ip ")) wait(step, one.id);
        break;
      case "record":
        wait(step, working(refOf({ kind: "domain", name: wanted.domain })));
        if (typeof wanted.data !== "string")
          wait(step, wanted.data.of.startsWith("machine ") ? ready(wanted.data.of) : working(wanted.data.of));
        break;
      case "project":
        wait(step, ...wanted.members.map((ref) => working(ref)));
        break;
      case "key":
      case "firewall":
      case "domain":
        break;
    }
  }
  for (const step of deletes) {
    const { ref } = step;
    const place = made.get(ref);
    if (ref.startsWith("machine ")) {
      const first = room.has(ref);
      if (place !== undefined && !first) {
        wait(step, place.do === "keep" ? undefined : `ready ${ref}`);
        // What leads to it is moved first.
        for (const one of steps)
          if (one.do === "update" && /^(volume|reserved-ip|record) /.test(one.ref)) wait(step, one.id);
      }
      if (place !== undefined && first) wait(place, step.id);
      // While it is there, its marks tell of the addresses that it has.
      for (const one of deletes) if (/^(reserved-ip|record) /.test(one.ref)) wait(step, one.id);
    } else if (ref.startsWith("volume ") || ref.startsWith("firewall ")) {
      for (const one of deletes) if (one.ref.startsWith("machine ") && !room.has(one.ref)) wait(step, one.id);
      if (place !== undefined && place.id !== step.id) wait(place, step.id);
    } else if (ref.startsWith("domain ")) {
      for (const one of deletes) if (one.ref.startsWith(`record ${ref.slice("domain ".length)} `)) wait(step, one.id);
    } else if (ref.startsWith("key ")) {
      wait(step, place?.do === "create" ? place.id : undefined);
    } else if (ref.startsWith("project ")) {
      for (const one of deletes) wait(step, one.ref.startsWith("project ") ? undefined : one.id);
    }
  }
  return steps.map((step) => ({ ...step, after: [...(waits.get(step.id) ?? [])].sort() }));
}

/** Machines whose replacement must wait until the old one is gone, because the account has no room for both. */
function roomFor(steps: readonly Step[], { room }: Observed): ReadonlySet<Ref> {
  if (room.machine === undefined) return new Set();
  const { most, there } = room.machine;
  const machines = steps.filter((step) => step.ref.startsWith("machine "));
  const created = machines.filter((step) => step.do === "create").length;
  const replaced = machines.filter((step) => step.do === "replace");
  const free = Math.max(0, most - there - created);
  return new Set(replaced.slice(free).map((step) => step.ref));
}
