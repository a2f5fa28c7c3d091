import { formatMs } from "@slipway/model";
import type { HostStatus, MonitorStatus } from "./view.ts";

const percent = (value: number | undefined): string => (value === undefined ? "–" : `${Math.round(value * 100)} %`);

/** The monitor's status as text for a terminal. Pure. */
export function formatStatus(status: MonitorStatus): string {
  const hosts = status.hosts.map((host) => [
    host.name,
    host.state,
    percent(host.metrics["cpu"]?.metric),
    host.metrics["load"]?.metric.toFixed(2) ?? "–",
    percent(host.metrics["memory"]?.metric),
    fullest(host),
    host.metrics["uptime"] === undefined ? "–" : formatMs(host.metrics["uptime"].metric * 1_000),
    host.description,
  ]);
  const checks = status.checks.map((check) => [
    check.name,
    check.state,
    check.metric === undefined ? "–" : `${Math.round(check.metric)} ms`,
    check.description,
  ]);
  const alerts = status.alerts.map((alert) => [
    alert.severity,
    alert.host,
    alert.title,
    `for ${formatMs(Math.max(0, status.at - alert.since))}`,
    alert.description,
  ]);
  const parts = [
    table(["HOST", "STATE", "CPU", "LOAD/CORE", "MEMORY", "FULLEST DISK", "UP", ""], hosts),
    checks.length === 0 ? "" : table(["CHECK", "STATE", "LATENCY", ""], checks),
    alerts.length === 0 ? "No alerts.\n" : table(["ALERT", "HOST", "WHAT", "", ""], alerts),
    status.undelivered === 0 ? "" : `${status.undelivered} announcements are not delivered yet.\n`,
    ...status.problems.slice(0, 3).map((problem) => `Problem of the monitor itself: ${problem.what}\n`),
  ];
  return parts.filter((part) => part !== "").join("\n");
}

function fullest(host: HostStatus): string {
  const disks = Object.entries(host.metrics).filter(([service]) => service.startsWith("disk "));
  const [worst] = disks.toSorted(([, a], [, b]) => b.metric - a.metric);
  return worst === undefined ? "–" : `${percent(worst[1].metric)} ${worst[0].slice("disk ".length)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map(
      (row) =>
        `${row
          .map((cell, n) => cell.padEnd(widths[n] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}
