import { drift, formatDrift } from "@slipway/config";
import { coloured } from "../../cli/colour.ts";
import type { Context } from "../../cli/context.ts";
import { detailedExit } from "../../cli/detailed-exit.ts";
import { eachHost } from "../../platform/each-host.ts";
import { chosenHosts, observeHost, preparedHosts } from "../../platform/prepare.ts";
import { openSession } from "../../platform/session.ts";

export interface DriftOptions {
  readonly on: readonly string[];
  /** 4 when nothing differs. */
  readonly detailedExitCode: boolean;
}

/** Compares what was applied last, what is seen and what is wanted; changes nothing. */
export async function driftConfig(context: Context, options: DriftOptions): Promise<number> {
  await using session = await openSession(context);
  const { signal } = context;
  const hosts = await chosenHosts(session, options.on);
  const prepared = await preparedHosts(session, hosts, { signal });
  const { answers, failed, exit } = await eachHost(prepared, context, async (one) =>
    drift(one.host, await observeHost(session, one, signal), one.around),
  );
  const drifts = answers.map((one) => one.value);
  context.out.result(coloured(drifts.map(formatDrift).join("\n")), {
    ok: failed.length === 0,
    drifts,
    ...(failed.length === 0 ? {} : { failed }),
  });
  const same = drifts.every((one) => one.items.every((item) => item.kind === "ok"));
  return detailedExit(options, exit, same);
}
