import type { FleetEvent } from "@slipway/config";
import { formatMs } from "@slipway/model";
import type { Output } from "../cli/output.ts";

/** A change that takes longer is announced, so that nobody wonders whether something goes on. */
const patienceMs = 3_000;

/** Says on standard error what happens to hosts: a line for each thing that changed or went wrong, and for what takes long. */
export function fleetTeller(out: Pick<Output, "mark">): (event: FleetEvent) => void {
  const slow = new Map<string, NodeJS.Timeout>();
  const over = (host: string): void => {
    clearTimeout(slow.get(host));
    slow.delete(host);
  };
  return (event) => {
    if (event.type === "changing") {
      over(event.host);
      const timer = setTimeout(() => out.mark("note", `${event.host}: ${event.property} …`), patienceMs);
      slow.set(event.host, timer.unref());
    }
    if (event.type === "item" || event.type === "ended") over(event.host);
    const line = lineOf(event);
    if (line !== undefined) out.mark(...line);
  };
}

type Line = Parameters<Output["mark"]>;

/** Undefined for what nobody has to be told. Pure. */
function lineOf(event: FleetEvent): Line | undefined {
  switch (event.type) {
    case "gave up":
      return ["bad", `no further host begins: ${event.why}`];
    case "waiting":
      return ["note", `${event.host}: waiting for ${event.holder}`];
    case "reconnecting":
      return ["note", `${event.host}: connecting anew: ${event.why}`];
    case "confirming":
      return ["note", `${event.host}: trying a fresh login after a change of ${event.guard}`];
    case "judging":
      return ["note", `${event.host}: looking whether it is well`];
    case "ended":
      return event.outcome === "failed" ? ["bad", `${event.host}: ${event.why ?? "failed"}`] : undefined;
    case "item": {
      const { outcome, property, ms, error } = event.item;
      if (outcome === "changed") return ["changed", `${event.host}: ${property} (${formatMs(ms)})`];
      if (outcome === "failed") return ["bad", `${event.host}: ${property}: ${error?.split("\n")[0] ?? "failed"}`];
      return undefined;
    }
    default:
      return undefined;
  }
}
