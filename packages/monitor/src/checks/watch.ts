import { type Clock, type Event, messageOf } from "@slipway/model";
import type { CheckConfig, Finding, Probe } from "./check.ts";
import type { OwnNetwork } from "./network.ts";
import { judgeRun, noVerdict } from "./runs.ts";

export interface WatchOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly everyMs: number;
  readonly probe: Probe<CheckConfig>;
  readonly network: OwnNetwork;
  readonly addresses: Readonly<Record<string, string>>;
  readonly emit: (event: Event) => void;
}

/**
 * Runs a check every so often; the event's state is the verdict of the run of results. While our own network is lost it is unknown.
 * Resolves when the signal aborts.
 */
export async function watchCheck(config: CheckConfig, options: WatchOptions): Promise<void> {
  const { clock, signal, emit } = options;
  const everyMs = config.everyMs ?? options.everyMs;
  const needed = { failures: config.failures ?? 2, successes: config.successes ?? 2 };
  const ttl = (everyMs * 3) / 1_000;
  let verdict = noVerdict;
  let next = clock.monotonic();
  while (!signal.aborted) {
    try {
      const finding = await options.probe(config, options);
      const unknown = finding.result === "no answer" && (await options.network.lost());
      if (!unknown) verdict = judgeRun(verdict, finding.result === "passed", needed);
      for (const event of eventsOf(config, finding, { unknown, passing: verdict.passing }))
        emit({ ...event, time: clock.now(), ttl });
    } catch (error) {
      if (signal.aborted) return;
      // A mistake in the check itself tells nothing about what it checks.
      const description = `the check itself failed: ${messageOf(error)}`;
      emit({ host: config.host, service: config.name, time: clock.now(), ttl, state: "unknown", description });
    }
    next = Math.max(next + everyMs, clock.monotonic());
    await clock.sleep(Math.max(0, next - clock.monotonic()), signal).catch(() => {});
  }
}

function eventsOf(
  config: CheckConfig,
  finding: Finding,
  { unknown, passing }: { readonly unknown: boolean; readonly passing: boolean | undefined },
): readonly Omit<Event, "time">[] {
  const state = unknown || passing === undefined ? "unknown" : passing ? "ok" : config.severity;
  const description = unknown ? "our own network does not answer" : finding.description;
  const main = { host: config.host, service: config.name, state, description };
  return [
    finding.metric === undefined ? main : { ...main, metric: finding.metric },
    ...(finding.more ?? []).map((aside) => ({ ...aside, host: config.host })),
  ];
}
