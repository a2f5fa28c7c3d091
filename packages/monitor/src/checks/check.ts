import type { Clock, Severity } from "@slipway/model";

/** Something that is tried from outside. Plain data in a configuration; each kind is one file beside this one. */
export interface CheckConfig {
  readonly kind: string;
  /** Also the service of its events. */
  readonly name: string;
  /** The host its events are about. */
  readonly host: string;
  readonly severity: Severity;
  readonly everyMs?: number;
  /** So many failures in a row make it bad. Default 2. */
  readonly failures?: number;
  /** So many successes in a row make it good again. Default 2. */
  readonly successes?: number;
}

export interface Finding {
  /** "no answer": nothing came back, which may be our own network's fault. */
  readonly result: "passed" | "failed" | "no answer";
  /** What was wrong, with the values; empty when it passed. */
  readonly description: string;
  /** The check's measure, such as its latency in ms. */
  readonly metric?: number;
  /** Further things that were seen on the way. */
  readonly more?: readonly Aside[];
}

export interface Aside {
  readonly service: string;
  readonly state: "ok" | Severity;
  readonly metric: number;
  readonly description: string;
}

export interface ProbeContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Names of hosts → addresses; other names are looked up. */
  readonly addresses: Readonly<Record<string, string>>;
}

/** Tries once. Never rejects for what it tries, only when the signal aborts. Has a deadline of its own. */
export type Probe<C extends CheckConfig = never> = (config: C, context: ProbeContext) => Promise<Finding>;
