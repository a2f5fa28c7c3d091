import { type Connection, type Host, systemClock } from "@slipway/model";
import { chosen } from "./engine/chosen.ts";
import { reveal } from "./engine/evaluate.ts";
import { alone, itemsOf } from "./engine/items.ts";
import { Link } from "./engine/link.ts";
import { type ApplyOptions, takesBack } from "./engine/options.ts";
import { record, takeBack } from "./engine/record.ts";
import { Run } from "./engine/run.ts";
import { fail } from "./errors.ts";
import type { Report, ReportItem } from "./report.ts";
import { refuseStale } from "./saved-plan.ts";

export type { ApplyEvent, ApplyOptions } from "./engine/options.ts";

/**
 * Makes a host's properties true and sees that they are. Takes the host's lock. When nothing is to do it costs one round trip
 * after the connection. What an earlier run made and the list has no longer is taken back. Can be cut off at any point and run again;
 * when the link breaks it connects anew by itself and goes on without doing a change twice. Throws `config.locked`, `config.stale`,
 * `config.lost`; what fails on the host is reported.
 */
export async function apply(host: Host, connection: Connection, options: ApplyOptions = {}): Promise<Report> {
  const clock = options.clock ?? systemClock;
  const startedAt = clock.monotonic();
  const around = options.around ?? alone(host);
  const items = chosen(itemsOf(host, around), options.only);
  const revealed = await reveal(host, items, options.secrets);
  await using link = new Link(connection, clock, options.signal);
  const run = new Run({ host, around, items, revealed }, link, clock, options);
  await run.observe();
  if (options.exactly !== undefined) {
    const { only } = options;
    refuseStale(options.exactly, { host, around, ...(only === undefined ? {} : { only }) }, run.state.seen);
  }
  const gone = takesBack(options) ? await takeBack(run, clock, options) : new Set<string>();
  for (const item of items) {
    if (options.signal?.aborted === true) {
      throw fail(
        "config.interrupted",
        `the configuration of ${host.name} was interrupted before "${item.claim.title}"`,
      );
    }
    await run.make(item);
    await run.liftGuards();
  }
  run.confirm();
  await record(run, clock, options, gone);
  const reported = [...run.done.values()];
  const count = (outcome: ReportItem["outcome"]): number => reported.filter((one) => one.outcome === outcome).length;
  return {
    host: host.name,
    changed: count("changed"),
    ok: count("ok"),
    failed: count("failed"),
    blocked: count("blocked"),
    skipped: count("skipped"),
    kept: count("kept"),
    items: reported,
    ms: clock.monotonic() - startedAt,
    roundTrips: link.roundTrips,
    reconnects: link.reconnects,
  };
}
