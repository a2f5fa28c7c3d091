import { formatMs } from "@slipway/model";
import type { ProvisionEvent } from "@slipway/provision";
import type { Output } from "../cli/output.ts";

type Line = Parameters<Output["mark"]>;

/** Says on standard error what happens to machines and what belongs to them, step by step. */
export function provisionTeller(out: Pick<Output, "mark">): (event: ProvisionEvent) => void {
  // Of a machine that was there and is in order, only that it is ready is worth a line.
  const made = new Set<string>();
  return (event) => {
    if (event.step === "created" || event.step === "starting" || event.step === "updating") made.add(event.ref);
    const line = lineOf(event, made.has(event.ref));
    if (line !== undefined) out.mark(...line);
  };
}

/** Undefined for what nobody has to be told. Pure. */
export function lineOf({ ref, name, step, ms, detail }: ProvisionEvent, made: boolean): Line | undefined {
  const what = ref.startsWith("machine ") ? name : ref;
  const after = `(${formatMs(ms)})`;
  switch (step) {
    case "created":
    case "updated":
    case "deleted":
    case "adopted":
      return ["changed", `${what} ${step} ${after}`];
    case "active":
      return made ? ["note", `${what} is active at ${detail ?? "no address"} ${after}`] : undefined;
    case "answers":
      return made ? ["note", `${what} answers on port 22 ${after}`] : undefined;
    case "verified":
      return made ? ["note", `${what} showed the pinned host key ${after}`] : undefined;
    case "initialized":
      return made ? ["note", `${what} is done with cloud-init ${after}`] : undefined;
    case "rekeyed":
      return ["changed", `${what} has a host key of its own making ${after}`];
    case "ready":
      return ["ok", `${what} is ready: host key verified, cloud-init done ${after}`];
    case "grown":
      return ["changed", `${what}: its file system is as large as the volume ${after}`];
    case "failed":
    case "skipped":
      return ["bad", `${what}: ${detail ?? step}`];
    default:
      return undefined;
  }
}
