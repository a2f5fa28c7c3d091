import { rm } from "node:fs/promises";
import { join } from "node:path";
import { exitCodes, formatMs, SlipwayError } from "@slipway/model";
import type { Context } from "../cli/context.ts";
import { presentError } from "../cli/output.ts";
import { legsOf } from "../demo/legs.ts";
import { formatVoyage, walk } from "../demo/voyage.ts";
import { openSession } from "../platform/session.ts";
import { startConsole, untilStopped } from "./console.ts";
import { destroyAll } from "./provision/destroy.ts";

export interface DemoOptions {
  readonly once: boolean;
  readonly down: boolean;
  readonly port?: number;
}

async function down(context: Context): Promise<number> {
  await using session = await openSession(context);
  const removed = await destroyAll(session, context);
  // What belonged to the machines that are gone; keys and vault stay with whoever made them.
  for (const name of ["ledger", "known_hosts", "ssh_config", "journal"])
    await rm(join(session.folder.root, name), { recursive: true, force: true });
  context.out.result(removed === 0 ? "There was nothing to remove." : `${removed} things removed.`, {
    ok: true,
    removed,
  });
  return exitCodes.done;
}

/** Brings the platform up and walks every leg of it. */
export async function demo(context: Context, options: DemoOptions): Promise<number> {
  if (options.down) return down(context);
  const { out, clock, signal } = context;
  await using session = await openSession(context);
  const legs = legsOf(session, context);
  const { report, error } = await walk(legs, {
    clock,
    signal,
    events: {
      begin: (leg, index) => out.heading(`${index + 1}/${legs.length} ${leg.name}`),
      end: (leg) => out.mark(leg.ok ? "ok" : "bad", `${leg.name}: ${leg.seen} (${formatMs(leg.seconds * 1_000)})`),
    },
  });
  if (options.once && error === undefined) {
    out.heading("removing everything");
    await destroyAll(session, context);
  }
  if (error !== undefined) {
    if (signal.aborted) throw error;
    out.say(formatVoyage(report));
    // One document on standard output: the report, with what stopped it.
    if (out.json)
      out.result("", { ...report, error: error instanceof SlipwayError ? error.toJSON() : { message: error.message } });
    return presentError(error, { json: false, quiet: false }, out.hidden);
  }
  if (options.once) {
    out.result(formatVoyage(report), report);
    return exitCodes.done;
  }
  await using server = await startConsole(session, context, options);
  const app = (await session.machines()).find((one) => one.name === "app");
  out.result(
    `${formatVoyage(report)}\n\nThe console: ${server.url}\nThe ledger:  http://${app?.address ?? "app"}/\n\n^C stops the console; the hosts go on. ./ops demo --down removes them.`,
    { ...report, console: server.url },
  );
  await untilStopped(signal);
  return exitCodes.done;
}
