import { readLog, readRuns, repositoryAt } from "@slipway/ci";
import { alone, observe, type Plan, plan } from "@slipway/config";
import { status as releaseStatus } from "@slipway/deploy";
import { type Host, messageOf, SlipwayError, type Surroundings } from "@slipway/model";
import type { AlertsView, MonitorStatus } from "@slipway/monitor";
import type { Context } from "../cli/context.ts";
import { ciOf } from "../platform/ci.ts";
import { listName } from "../platform/prepare.ts";
import type { Session } from "../platform/session.ts";
import { monitorOf } from "../verbs/monitor.ts";
import type { ReleaseView, RunView, Snapshot, SourceView } from "./api.ts";
import type { Source } from "./source.ts";
import { alertView, checkView, hostView, releaseView, runView } from "./views.ts";

const everyMs = 1_500;
const propertiesEveryMs = 60_000;
const machinesEveryMs = 15_000;
const shownRuns = 50;
const shownAlerts = 50;
const logBytes = 1 << 20;
const seriesPoints = 240;

/** The platform read from its hosts, again and again until the signal aborts. Dispose it to have the readers ended. */
export interface LiveSource extends Source, AsyncDisposable {}

/** The hosts with all that `ops config` makes true of them. */
export type WholeHosts = () => Promise<ReadonlyMap<string, { readonly host: Host; readonly around: Surroundings }>>;

export async function liveSource(session: Session, context: Context, wholeHosts: WholeHosts): Promise<LiveSource> {
  const { clock } = context;
  const { platform } = session.project;
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const listeners = new Set<(snapshot: Snapshot) => void>();
  const plans = new Map<string, { plan: Plan; at: number }>();
  const sources = new Map<string, SourceView>();
  const runs = new Map<string, readonly RunView[]>();
  const releases = new Map<string, ReleaseView>();
  const reachable = new Set<string>();
  let machines: Awaited<ReturnType<Session["machines"]>> = [];
  let monitor: MonitorStatus | undefined;
  let alerts: AlertsView | undefined;
  let shown = "";
  let current: Snapshot;

  const build = (): Snapshot => ({
    platform: platform.name,
    at: clock.now(),
    hosts: platform.hosts.map((host) =>
      hostView(host, {
        machine: machines.find((one) => one.name === host.name),
        reachable: reachable.has(host.name),
        plan: plans.get(host.name),
        metrics: monitor?.hosts.find((one) => one.name === host.name),
      }),
    ),
    runs: [...runs.values()]
      .flat()
      .toSorted((a, b) => b.queuedAt - a.queuedAt)
      .slice(0, shownRuns),
    releases: [...releases.values()],
    checks: (monitor?.checks ?? []).map(checkView),
    alerts: [...(monitor?.alerts ?? []), ...(alerts?.resolved ?? [])].map(alertView).slice(0, shownAlerts),
    sources: [...sources.values()],
  });
  current = build();

  const publish = (): void => {
    const next = build();
    const text = JSON.stringify({ ...next, at: 0 });
    if (text === shown) return;
    shown = text;
    current = next;
    for (const listener of listeners) listener(next);
  };

  /** Reads one thing repeatedly; what cannot be read is said, and tried again. */
  const follow = async (name: string, periodMs: number, read: () => Promise<void>): Promise<void> => {
    while (!signal.aborted) {
      try {
        await read();
        sources.set(name, { name, ok: true });
      } catch (error) {
        if (signal.aborted) return;
        const hint = error instanceof SlipwayError ? error.hint : undefined;
        sources.set(name, { name, ok: false, error: messageOf(error), ...(hint === undefined ? {} : { hint }) });
      }
      publish();
      await clock.sleep(periodMs, signal).catch(() => undefined);
    }
  };

  const readers = [
    follow("cloud", machinesEveryMs, async () => {
      session.forget();
      machines = await session.machines();
    }),
    ...platform.hosts.map((host) =>
      follow(`properties of ${host.name}`, propertiesEveryMs, async () => {
        reachable.delete(host.name);
        const connection = await session.connect(host.name);
        reachable.add(host.name);
        publish();
        const whole = (await wholeHosts()).get(host.name) ?? { host, around: alone(host) };
        const { around } = whole;
        const list = listName(platform, host);
        const seen = await observe(whole.host, connection, { secrets: session.identity.vault, signal, around, list });
        plans.set(host.name, {
          plan: plan(whole.host, seen, around),
          at: clock.now(),
        });
      }),
    ),
    ...(platform.ci?.repositories ?? []).map((name) =>
      follow(`CI of ${name}`, everyMs, async () => {
        const { connection, repository } = await ciOf(session, name);
        runs.set(
          name,
          (await readRuns(connection, repository)).map((run) => runView(name, run)),
        );
      }),
    ),
    ...Object.entries(platform.deployments ?? {}).map(([environment, spec]) =>
      follow(`releases of ${environment}`, everyMs * 2, async () => {
        releases.set(
          environment,
          releaseView(
            environment,
            spec.repository,
            await releaseStatus(await session.connect(spec.to.name), spec.repository),
          ),
        );
      }),
    ),
    ...(platform.monitor === undefined
      ? []
      : [
          follow("monitor", everyMs, async () => {
            const client = await monitorOf(session);
            [monitor, alerts] = [await client.status(), await client.alerts()];
          }),
        ]),
  ];

  return {
    snapshot: () => current,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    series: async ({ host, service, minutes }) => {
      const to = clock.now();
      const view = await (await monitorOf(session)).series({
        host,
        service,
        from: to - minutes * 60_000,
        to,
        points: seriesPoints,
      });
      return { host, service, at: view.times, value: view.values };
    },
    log: async ({ repository: name, run, step }) => {
      const known = runs.get(name)?.find((one) => one.id === run);
      if (known?.steps.some((one) => one.name === step) !== true) return undefined;
      const { connection } = await ciOf(session, name);
      const { bytes } = await readLog(
        connection,
        { repository: repositoryAt(name), run, step },
        { maxBytes: logBytes, last: true },
      );
      return Buffer.from(bytes).toString("utf8");
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.allSettled(readers);
    },
  };
}
