import { type Connection, type Host, systemClock } from "@slipway/model";
import { reveal } from "./engine/evaluate.ts";
import { type Item, itemsOf } from "./engine/items.ts";
import { type ApplyOptions, Run } from "./engine/run.ts";
import { openSession } from "./engine/session.ts";
import { fail } from "./errors.ts";
import type { Report, ReportItem } from "./report.ts";

export type { ApplyEvent, ApplyOptions } from "./engine/run.ts";

/**
 * Makes a host's properties true and sees that they are. Takes the host's lock. When nothing is to do it costs one round trip
 * after the connection. Can be cut off at any point and run again. Throws `config.locked`; what fails on the host is reported.
 */
export async function apply(host: Host, connection: Connection, options: ApplyOptions = {}): Promise<Report> {
  const clock = options.clock ?? systemClock;
  const startedAt = clock.monotonic();
  const items = chosen(itemsOf(host, options.around), options.only);
  const revealed = await reveal(host, items, options.secrets);
  await using session = await openSession(connection, options.signal);
  const run = new Run(items, revealed, session, clock, options);
  await run.observe(host.name);
  for (const item of items) {
    if (options.signal?.aborted === true) {
      throw fail(
        "config.interrupted",
        `the configuration of ${host.name} was interrupted before "${item.claim.title}"`,
      );
    }
    await run.make(item);
  }
  run.confirm();
  const reported = items.map((item) => run.done.get(item.id)).filter((one) => one !== undefined);
  const count = (outcome: ReportItem["outcome"]): number => reported.filter((one) => one.outcome === outcome).length;
  return {
    host: host.name,
    changed: count("changed"),
    ok: count("ok"),
    failed: count("failed"),
    blocked: count("blocked"),
    skipped: count("skipped"),
    items: reported,
    ms: clock.monotonic() - startedAt,
    roundTrips: session.roundTrips,
  };
}

function chosen(items: readonly Item[], only: readonly string[] | undefined): readonly Item[] {
  if (only === undefined) return items;
  const wanted = new Set<string>();
  const want = (item: Item): void => {
    if (wanted.has(item.id)) return;
    wanted.add(item.id);
    for (const other of items) {
      if (item.needs.has(other.id)) want(other);
      // What follows a change belongs to it: a file without the reload is half a job.
      else if (other.follows.has(item.id)) want(other);
    }
  };
  for (const item of items)
    if (only.includes(item.claim.title) || item.within.some((title) => only.includes(title))) want(item);
  if (wanted.size === 0)
    throw fail("config.bad-argument", `no property is called ${only.join(" or ")}`, {
      hint: "Use the titles that a plan prints.",
    });
  return items.filter((item) => wanted.has(item.id));
}
