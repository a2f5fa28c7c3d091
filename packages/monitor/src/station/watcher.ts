import { type Clock, type Event, messageOf } from "@slipway/model";
import type { AlertBook } from "../alerts/book.ts";
import { type Announcement, defaultPolicy, type Observation } from "../alerts/machine.ts";
import { reachable } from "../collect/collector.ts";
import type { MonitorConfig } from "../config.ts";
import { liveIndex } from "../liveIndex.ts";
import { grade } from "../rules/grade.ts";
import { alertKey, fits, fromAlertKey, type RuleConfig } from "../rules/rule.ts";
import type { MetricStore } from "../store/metricStore.ts";
import { batch } from "../streams/batch.ts";
import { by } from "../streams/by.ts";
import { changedState } from "../streams/changedState.ts";
import { isExpired } from "../streams/expired.ts";
import { inlet, pipe, split } from "../streams/op.ts";
import { smap } from "../streams/smap.ts";
import { where } from "../streams/where.ts";
import type { Changes } from "./changes.ts";
import type { CheckStatus, HostStatus, MetricView } from "./view.ts";

export interface WatcherOptions {
  readonly config: MonitorConfig;
  readonly clock: Clock;
  readonly store: MetricStore;
  readonly book: AlertBook;
  readonly changes: Changes;
  /** There is something to deliver. */
  readonly onAnnounced: () => void;
  /** Something is wrong with the monitor itself. */
  readonly onProblem: (what: string) => void;
}

/** Where all events meet: newest ones by host and service, history, changes, rules. */
export interface Watcher extends Disposable {
  /** Never throws: what goes wrong is a problem that is told. */
  take(event: Event, from: "host" | "check"): void;
  /** Lets time pass for alerts. */
  tick(): void;
  hosts(): readonly HostStatus[];
  checks(): readonly CheckStatus[];
}

const keyOf = (event: Event): string => `${event.host}\0${event.service}`;

export function watcher(options: WatcherOptions): Watcher {
  const { config, clock, store, book, changes } = options;
  /** What hosts said of themselves. Checks may speak of the same hosts. */
  const measured = new Set<string>();

  const guarded = <T>(what: string, work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      options.onProblem(`${what}: ${messageOf(error)}`);
      return undefined;
    }
  };

  const announce = (announcements: readonly Announcement[] | undefined): void => {
    if (announcements === undefined || announcements.length === 0) return;
    for (const data of announcements) changes.add({ kind: "alert", data });
    options.onAnnounced();
  };

  const observe = (rule: RuleConfig, seen: Observation): void => {
    const policy = { ...defaultPolicy, ...config.alerts, ...rule.policy };
    announce(guarded("alerts", () => book.observe(alertKey(rule, seen), policy, seen)));
  };

  const ruleOf = (event: Event): RuleConfig | undefined => config.rules.find((rule) => fits(rule, event));

  const judged = by<Event, { rule: RuleConfig; seen: Observation }>(
    (event) => {
      const rule = ruleOf(event);
      return rule === undefined ? "" : alertKey(rule, event);
    },
    (key) => {
      const { rule } = fromAlertKey(key, config.rules);
      return pipe(
        rule === undefined ? () => inlet(() => {}) : grade(rule),
        smap((seen) => (rule === undefined ? undefined : { rule, seen })),
      );
    },
    { onFull: (key) => options.onProblem(`too many conditions at once; ${key} is not judged`) },
  );

  const live = split<Event, void>(
    pipe(
      batch<Event>(500, 250),
      smap((data) => changes.add({ kind: "metrics", data })),
    ),
    pipe(
      where<Event>((event) => event.state !== undefined),
      by(keyOf, () => changedState()),
      smap((data) => changes.add({ kind: "state", data })),
    ),
    pipe(
      judged,
      smap(({ rule, seen }) => observe(rule, seen)),
    ),
  )(clock, () => {});

  const answers = (host: string): boolean => index.get(host, reachable)?.state === "ok";

  const index = liveIndex({
    clock,
    onExpired: (event) => {
      // Its host answers and says nothing of it any more, as of a disk that was unmounted: it is gone, not unknown.
      const gone = measured.delete(keyOf(event)) && event.service !== reachable && answers(event.host);
      const rule = ruleOf(event);
      if (gone && rule !== undefined) {
        observe(rule, {
          grade: "ok",
          title: rule.title,
          host: event.host,
          service: event.service,
          description: "no longer reported",
        });
      } else live.push(event);
    },
  });

  const toView = (event: Event): MetricView | undefined => {
    if (event.metric === undefined) return undefined;
    const { metric, time, description, attributes } = event;
    return {
      metric,
      time,
      ...(description !== undefined && { description }),
      ...(attributes !== undefined && { attributes }),
    };
  };

  return {
    take(event, from) {
      if (from === "host") measured.add(keyOf(event));
      const put = index.put(event);
      if (put === "full") options.onProblem(`too many services at once; ${event.host} ${event.service} is dropped`);
      if (put !== "taken") return;
      const { metric } = event;
      if (metric !== undefined && !isExpired(event)) {
        guarded("history", () => store.append(event.host, event.service, Math.min(event.time, clock.now()), metric));
      }
      live.push(event);
    },
    tick: () => announce(guarded("alerts", () => book.tick())),
    hosts() {
      const events = index.all();
      return config.hosts.map(({ name }) => {
        const own = events.filter((event) => event.host === name);
        const said = own.find((event) => event.service === reachable);
        const shown = own.filter((event) => event.service !== reachable && measured.has(keyOf(event)));
        const metrics = shown.flatMap((event) => {
          const view = toView(event);
          return view === undefined ? [] : [[event.service, view] as const];
        });
        const state = said?.state === "ok" ? "ok" : said?.state === "critical" ? "unreachable" : "unknown";
        const description = said === undefined ? "nothing was heard of it yet" : (said.description ?? "");
        return {
          name,
          state,
          description,
          metrics: Object.fromEntries(metrics.toSorted(([a], [b]) => a.localeCompare(b))),
        };
      });
    },
    checks: () =>
      config.checks.map(({ name, host }) => {
        const said = index.get(host, name);
        const state =
          said?.state === "ok" || said?.state === "warning" || said?.state === "critical" ? said.state : "unknown";
        const description = said === undefined ? "not run yet" : (said.description ?? "");
        return {
          name,
          host,
          state,
          description,
          ...(said?.metric !== undefined && { metric: said.metric }),
          ...(said !== undefined && { time: said.time }),
        };
      }),
    [Symbol.dispose]() {
      live[Symbol.dispose]();
      index[Symbol.dispose]();
    },
  };
}
