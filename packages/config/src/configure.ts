import type { Connection, Host } from "@slipway/model";
import { type ApplyOptions, apply } from "./apply.ts";
import { fail } from "./errors.ts";
import { formatReport, type Report } from "./report.ts";

/** Makes a host's properties true. As {@link apply}, but throws `config.failed` with the report as its message when something failed. */
export async function configure(host: Host, connection: Connection, options: ApplyOptions = {}): Promise<Report> {
  const report = await apply(host, connection, options);
  if (report.failed + report.blocked > 0) throw fail("config.failed", formatReport(report));
  return report;
}
