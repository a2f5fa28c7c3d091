import { exitCodes } from "@slipway/model";
import { formatStatus, type MonitorClient, monitorClient } from "@slipway/monitor";
import type { Context } from "../cli/context.ts";
import { fail } from "../errors.ts";
import { openSession, type Session } from "../platform/session.ts";
import { stationPaths } from "../station/settings.ts";

/** The platform's monitor. Throws `ops.no-monitor`. */
export async function monitorOf(session: Session): Promise<MonitorClient> {
  const { monitor } = session.project.platform;
  if (monitor === undefined) throw fail("ops.no-monitor", "the platform has no monitor");
  return monitorClient(await session.connect(monitor.on.name), stationPaths.monitorSocket);
}

export async function monitorStatus(context: Context): Promise<number> {
  await using session = await openSession(context);
  const status = await (await monitorOf(session)).status();
  context.out.result(formatStatus(status), { ok: true, ...status });
  return exitCodes.done;
}
