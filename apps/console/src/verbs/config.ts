import { runtimeImage, toolchainImage } from "@slipway/ci/images/index";
import { apply, formatPlan, formatReport, observe, plan, type Report } from "@slipway/config";
import { type Docker, docker, localDocker } from "@slipway/connection/docker";
import { sendImages } from "@slipway/deploy";
import { exitCodes, formatMs, type Host } from "@slipway/model";
import type { Context } from "../cli/context.ts";
import { fail } from "../errors.ts";
import { additionsFor, imagesFor, type StationImages } from "../platform/additions.ts";
import { effective } from "../platform/effective.ts";
import { openSession, type Session } from "../platform/session.ts";
import { applyStations, seeStations } from "../station/apply.ts";
import { bundleStation } from "../station/bundle.ts";
import { stationImage } from "../station/image.ts";
import { describeStationStep, planStations } from "../station/plan.ts";

export interface ConfigOptions {
  readonly planOnly: boolean;
  readonly on: readonly string[];
}

export interface HostResult {
  readonly host: string;
  readonly report: Report;
  /** Stations started, replaced or removed, and images that were sent. */
  readonly stations: readonly string[];
}

async function makeImages(engine: Docker, signal: AbortSignal): Promise<StationImages> {
  const bundle = await bundleStation();
  const [node, toolchain, station] = [
    await runtimeImage(engine, { signal }),
    await toolchainImage(engine, { signal }),
    await stationImage(engine, bundle, signal),
  ];
  return { node, toolchain, station };
}

function chosen(session: Session, on: readonly string[]): readonly Host[] {
  return on.length === 0 ? session.project.platform.hosts : [...new Set(on)].map((name) => session.host(name));
}

/** Makes hosts as ops.config.ts says, in parallel, then the stations on them. Nothing of one host's failure stops another. */
export async function configureAll(
  session: Session,
  context: Context,
  on: readonly string[] = [],
): Promise<readonly HostResult[]> {
  const { out, signal, clock } = context;
  const hosts = chosen(session, on);
  const [machines, engine] = [await session.machines(), await localDocker()];
  const missing = hosts.find((host) => !machines.some((machine) => machine.name === host.name));
  if (missing !== undefined) throw fail("ops.not-provisioned", `the machine of ${missing.name} does not exist`);
  const images = await makeImages(engine, signal);
  const one = async (host: Host): Promise<HostResult> => {
    const { additions, stations } = await additionsFor(session, host.name, machines, images);
    const connection = await session.connect(host.name);
    const report = await apply(effective(host, additions), connection, {
      secrets: session.identity.vault,
      signal,
      clock,
      onEvent: (event) => {
        if (event.type === "item" && event.item.outcome === "changed")
          out.mark("changed", `${host.name}: ${event.item.property} (${formatMs(event.item.ms)})`);
        if (event.type === "item" && event.item.outcome === "failed")
          out.mark("bad", `${host.name}: ${event.item.property}: ${event.item.error ?? "failed"}`);
        if (event.type === "waiting") out.mark("note", `${host.name}: waiting for ${event.holder}`);
      },
    });
    if (report.failed + report.blocked > 0) return { host: host.name, report, stations: [] };
    if (!host.has.some((property) => property.gives.includes("docker")))
      return { host: host.name, report, stations: [] };
    const target = await docker(connection);
    const steps = planStations(stations, await seeStations(target));
    const done: string[] = [];
    const needed = imagesFor(session, host.name, images);
    const sent =
      needed.length === 0 ? undefined : await sendImages({ from: engine, to: target, images: needed, signal });
    if (sent !== undefined && sent.bytes > 0) done.push(`images sent (${(sent.bytes / 1e6).toFixed(0)} MB)`);
    await applyStations(target, steps, signal);
    done.push(...steps.map(describeStationStep));
    for (const line of done) out.mark("changed", `${host.name}: ${line}`);
    return { host: host.name, report, stations: done };
  };
  const settled = await Promise.allSettled(hosts.map(one));
  signal.throwIfAborted();
  const results = settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const thrown = settled.flatMap((each, index) =>
    each.status === "rejected" ? [{ host: hosts[index]?.name ?? "", reason: each.reason as unknown }] : [],
  );
  for (const { host, reason } of thrown)
    out.mark("bad", `${host}: ${reason instanceof Error ? reason.message : String(reason)}`);
  const [first] = thrown;
  if (first !== undefined && thrown.length === hosts.length) throw first.reason;
  const failed = [
    ...thrown.map((each) => each.host),
    ...results.filter((each) => each.report.failed + each.report.blocked > 0).map((each) => each.host),
  ];
  if (failed.length > 0) {
    const reports = results.filter((each) => failed.includes(each.host)).map((each) => formatReport(each.report));
    throw fail(
      failed.length === hosts.length ? "ops.hosts-failed" : "ops.partly-failed",
      [`${failed.join(", ")} could not be configured`, ...reports].join("\n"),
      {
        cause: first?.reason,
      },
    );
  }
  return results;
}

export const changesOf = (results: readonly HostResult[]): number =>
  results.reduce((sum, one) => sum + one.report.changed + one.stations.length, 0);

async function showPlan(session: Session, context: Context, on: readonly string[]): Promise<number> {
  const machines = await session.machines();
  const images = await makeImages(await localDocker(), context.signal);
  const plans = await Promise.all(
    chosen(session, on).map(async (host) => {
      const { additions } = await additionsFor(session, host.name, machines, images);
      const whole = effective(host, additions);
      const seen = await observe(whole, await session.connect(host.name), {
        secrets: session.identity.vault,
        signal: context.signal,
      });
      return plan(whole, seen);
    }),
  );
  context.out.result(plans.map((one) => formatPlan(one)).join("\n"), { ok: true, plans });
  return exitCodes.done;
}

export async function config(context: Context, options: ConfigOptions): Promise<number> {
  await using session = await openSession(context);
  if (options.planOnly) return showPlan(session, context, options.on);
  const results = await configureAll(session, context, options.on);
  const changes = changesOf(results);
  const text = [
    ...results.map((one) => formatReport(one.report)),
    changes === 0 ? "0 changes: every host is as ops.config.ts says" : `${changes} changes`,
  ].join("\n");
  context.out.result(text, { ok: true, changes, hosts: results });
  return exitCodes.done;
}

/** Every host with all that `ops config` makes true of it, for whoever wants to compare. */
export async function wholeHosts(session: Session, signal: AbortSignal): Promise<ReadonlyMap<string, Host>> {
  const machines = await session.machines();
  const images = await makeImages(await localDocker(), signal);
  const hosts = await Promise.all(
    session.project.platform.hosts.map(async (host) =>
      effective(host, (await additionsFor(session, host.name, machines, images)).additions),
    ),
  );
  return new Map(hosts.map((host) => [host.name, host]));
}
