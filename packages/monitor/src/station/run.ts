import { join } from "node:path";
import { type Clock, type Connection, messageOf, type Secrets, type SshAddress } from "@slipway/model";
import { openAlertBook } from "../alerts/book.ts";
import { deliver } from "../alerts/deliver.ts";
import type { Send } from "../channels/channel.ts";
import { channelKinds } from "../channels/kinds.ts";
import type { CheckConfig, Probe } from "../checks/check.ts";
import { checkKinds } from "../checks/kinds.ts";
import { type OwnNetwork, ownNetwork } from "../checks/network.ts";
import { watchCheck } from "../checks/watch.ts";
import { collectHost } from "../collect/collector.ts";
import type { MonitorConfig } from "../config.ts";
import { fail } from "../errors.ts";
import { fits, fromAlertKey } from "../rules/rule.ts";
import { openMetricStore } from "../store/metricStore.ts";
import { serve } from "./api.ts";
import { changes as changeList } from "./changes.ts";
import type { MonitorStatus } from "./view.ts";
import { watcher } from "./watcher.ts";

export interface StationOptions {
  readonly connect: (address: SshAddress) => Promise<Connection>;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Folder of the history and the alerts. */
  readonly dir: string;
  readonly socketPath: string;
  /** Called once the socket answers. */
  readonly onReady?: () => void;
  /** A line for the log: a problem of the monitor itself, a delivery that failed. */
  readonly log?: (line: string) => void;
  /** Checks and channels of one's own, beside those of this package. */
  readonly checks?: Readonly<Record<string, Probe<CheckConfig>>>;
  readonly channels?: Readonly<Record<string, Send>>;
  /** Default: the canaries of the configuration. */
  readonly network?: OwnNetwork;
}

const hour = 3_600_000;

/**
 * The monitor: measures hosts, runs checks, keeps history, raises alerts, delivers announcements and answers on its socket, until the
 * signal aborts. Everything that must survive is in `dir`; `kill -9` is a normal way to stop. Rejects when it cannot start.
 */
export async function runMonitor(config: MonitorConfig, options: StationOptions): Promise<void> {
  const { clock, dir } = options;
  const probes = { ...checkKinds, ...options.checks };
  const senders = { ...channelKinds, ...options.channels };
  const checks = config.checks.map((check) => ({ check, probe: known(probes, check.kind, "check") }));
  const senderOf = new Map(
    config.channels.map((each) => [each.name, { each, send: known(senders, each.kind, "channel") }]),
  );
  const names = [...senderOf.keys()];

  // One part that fails ends the others: better a restart than half a monitor.
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);

  const problems: { at: number; what: string }[] = [];
  const onProblem = (what: string): void => {
    // The same problem at every tick is one problem.
    if (problems[0]?.what === what) problems.shift();
    else options.log?.(what);
    problems.unshift({ at: clock.now(), what });
    problems.splice(20);
  };

  using store = await openMetricStore({ file: join(dir, "metrics.db"), clock, ...config.keep });
  using book = await openAlertBook({ file: join(dir, "alerts.db"), clock, channels: names });
  const startedAt = clock.now();
  const changes = changeList(`${startedAt}`);
  for (const data of book.withdraw((key) => isWatched(config, key))) changes.add({ kind: "alert", data });

  const delivery = deliver(book, names, {
    clock,
    signal,
    send: async (channel, announcement, stop) => {
      const sender = senderOf.get(channel);
      if (sender !== undefined)
        await sender.send(sender.each, announcement, { secrets: options.secrets, signal: stop });
    },
    onFailure: (letter, reason) => onProblem(`${letter.channel}: ${reason}`),
  });
  const parts: Promise<void>[] = [delivery.done];
  try {
    using watch = watcher({ config, clock, store, book, changes, onProblem, onAnnounced: () => delivery.wake() });
    const status = (): MonitorStatus => ({
      at: clock.now(),
      startedAt,
      everyMs: config.everyMs,
      hosts: watch.hosts(),
      checks: watch.checks(),
      alerts: book.firing(),
      undelivered: names.reduce((sum, name) => sum + book.waiting(name).length, 0),
      problems,
    });
    await using _api = await serve(options.socketPath, {
      status,
      changes,
      series: store.query,
      alerts: () => ({ firing: book.firing(), resolved: book.resolved(200) }),
    });
    const network =
      options.network ?? (await ownNetwork(config.canaries === undefined ? {} : { canaries: config.canaries }));
    const common = { clock, signal, network, everyMs: config.everyMs };
    const addresses = Object.fromEntries(config.hosts.map((host) => [host.name, host.address.address]));

    const keep = async (spanMs: number, work: () => void): Promise<void> => {
      while (!signal.aborted) {
        try {
          work();
        } catch (error) {
          onProblem(messageOf(error));
        }
        await clock.sleep(spanMs, signal).catch(() => {});
      }
    };
    parts.push(
      ...config.hosts.map((host) =>
        collectHost(host, { ...common, connect: options.connect, emit: (event) => watch.take(event, "host") }),
      ),
      ...checks.map(({ check, probe }) =>
        watchCheck(check, { ...common, probe, addresses, emit: (event) => watch.take(event, "check") }),
      ),
      keep(Math.min(config.everyMs, 5_000), watch.tick),
      keep(config.everyMs, store.flush),
      keep(hour, store.retain),
    );
    options.onReady?.();
    try {
      await Promise.all(parts);
    } finally {
      failed.abort();
      // Nothing may touch the stores after they are closed.
      await Promise.allSettled(parts);
    }
  } finally {
    failed.abort();
    await Promise.allSettled(parts);
  }
}

function known<T>(kinds: Readonly<Record<string, T>>, kind: string, what: string): T {
  const found = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (found === undefined) throw fail("monitor.unknown-kind", `there is no ${what} of kind ${kind}`);
  return found;
}

/** Whether the configuration still looks at what the alert is about. */
function isWatched(config: MonitorConfig, key: string): boolean {
  const { rule, host, service } = fromAlertKey(key, config.rules);
  if (rule === undefined || !fits(rule, { host, service })) return false;
  const watched = config.hosts.some((each) => each.name === host);
  const checked = config.checks.some((each) => each.host === host);
  return watched || checked;
}
