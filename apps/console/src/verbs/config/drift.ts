import { drift, formatDrift, observe } from "@slipway/config";
import { exitCodes } from "@slipway/model";
import { coloured } from "../../cli/colour.ts";
import type { Context } from "../../cli/context.ts";
import { eachHost } from "../../platform/each-host.ts";
import { chosenHosts, prepare } from "../../platform/prepare.ts";
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
  const prepared = await prepare(session, signal);
  const { answers, failed, exit } = await eachHost(hosts, context, async (declared) => {
    const { host, around } = prepared.get(declared.name) ?? { host: declared, around: undefined };
    const base = around === undefined ? {} : { around };
    const seen = await observe(host, await session.connect(host.name), {
      ...base,
      secrets: session.identity.vault,
      signal,
    });
    return drift(host, seen, around);
  });
  const drifts = answers.map((one) => one.value);
  context.out.result(coloured(drifts.map(formatDrift).join("\n")), {
    ok: failed.length === 0,
    drifts,
    ...(failed.length === 0 ? {} : { failed }),
  });
  if (exit !== exitCodes.done) return exit;
  const same = drifts.every((one) => one.items.every((item) => item.kind === "ok"));
  return options.detailedExitCode && same ? exitCodes.nothingToDo : exitCodes.done;
}
