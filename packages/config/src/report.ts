import { formatMs } from "@slipway/model";

/**
 * `blocked`: not tried, as something it needs failed. `skipped`: its condition does not hold on this host, or another choice stands for
 * it. `kept`: it is in the list no longer and stays on the host.
 */
export type Outcome = "ok" | "changed" | "failed" | "blocked" | "skipped" | "kept";

export interface ReportItem {
  readonly property: string;
  readonly within: readonly string[];
  readonly outcome: Outcome;
  readonly ms: number;
  /** What was done or tried, for people. */
  readonly changes: readonly string[];
  /** Why it failed: the command, its exit status and what it said, without secrets. */
  readonly error?: string;
}

/** What a run did to a host; every `ok` and `changed` was seen. */
export interface Report {
  readonly host: string;
  readonly changed: number;
  readonly ok: number;
  readonly failed: number;
  readonly blocked: number;
  readonly skipped: number;
  readonly kept: number;
  readonly items: readonly ReportItem[];
  readonly ms: number;
  /** How often the host was waited for, without connecting. */
  readonly roundTrips: number;
  /** How often the connection was made anew. */
  readonly reconnects: number;
}

const signs = { ok: "=", changed: "+", failed: "x", blocked: "!", skipped: ".", kept: "!" } as const;

export interface ReportFormat {
  /** Also what is simply ok. */
  readonly all?: boolean;
  /** Without what was changed, for somebody who saw it happen. */
  readonly brief?: boolean;
}

/** A report for people: a summary, then what is not simply ok. */
export function formatReport(report: Report, options: ReportFormat = {}): string {
  const lines: string[] = [];
  for (const item of report.items) {
    if (options.all !== true && (item.outcome === "ok" || item.outcome === "skipped")) continue;
    if (options.brief === true && options.all !== true && item.outcome === "changed") continue;
    const time = item.outcome === "changed" || item.outcome === "failed" ? ` (${formatMs(item.ms)})` : "";
    const gone = item.within.find((title) => title.startsWith("no longer in the list"));
    lines.push(`  ${signs[item.outcome]} ${item.property}${gone === undefined ? "" : ` (${gone})`}${time}`);
    if (item.error !== undefined) lines.push(...item.error.split("\n").map((line) => `      ${line}`));
  }
  const counts = [`changed: ${report.changed}`, `ok: ${report.ok}`];
  if (report.failed > 0) counts.push(`failed: ${report.failed}`);
  if (report.blocked > 0) counts.push(`blocked: ${report.blocked}`);
  if (report.kept > 0) counts.push(`no longer in the list but kept: ${report.kept}`);
  if (report.skipped > 0) counts.push(`skipped: ${report.skipped}`);
  return [`${report.host}: ${counts.join(", ")} in ${formatMs(report.ms)}`, ...lines].join("\n");
}
