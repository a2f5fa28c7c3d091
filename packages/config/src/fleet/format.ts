import { formatMs } from "@slipway/model";
import { formatReport, type ReportFormat } from "../report.ts";
import type { FleetResult, HostResult } from "./apply-all.ts";

/** A fleet's result for people: every host, what is not simply ok of it, and a last line of counts when there are several. */
export function formatFleet(result: FleetResult, options: ReportFormat = {}): string {
  const lines = result.hosts.flatMap((host) => formatHost(host, options));
  if (result.gaveUp !== undefined) lines.push(`gave up: ${result.gaveUp}`);
  if (result.hosts.length > 1) {
    const count = (outcome: HostResult["outcome"]): number =>
      result.hosts.filter((host) => host.outcome === outcome).length;
    const counts = (["done", "failed", "not begun"] as const).flatMap((outcome) =>
      count(outcome) === 0 ? [] : [`${count(outcome)} ${outcome}`],
    );
    lines.push(`${result.hosts.length} hosts: ${counts.join(", ")} in ${formatMs(result.ms)}`);
  }
  return lines.join("\n");
}

function formatHost({ host, outcome, report, also, why, hint }: HostResult, options: ReportFormat): string[] {
  if (outcome === "not begun") return [`${host}: not begun`];
  const lines = report === undefined ? [] : [formatReport(report, options)];
  if (options.brief !== true) lines.push(...also.map((line) => `  + ${line}`));
  const told = report !== undefined && report.failed + report.blocked > 0;
  if (why !== undefined && !told) {
    lines.push(`${report === undefined ? `${host}: ` : "  x "}${why}`);
    if (hint !== undefined && hint !== "") lines.push(`      ${hint}`);
  }
  return lines;
}
