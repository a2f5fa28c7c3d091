/** One observation in monitoring, with Riemann's fields. `time` is ms since 1970, `ttl` seconds. */
export interface Event {
  readonly host: string;
  readonly service: string;
  readonly time: number;
  readonly state?: string;
  readonly metric?: number;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly ttl?: number;
  readonly attributes?: Readonly<Record<string, string>>;
}

export type Severity = "warning" | "critical";

/** A condition that needs attention, from its start to its end. */
export interface Alert {
  readonly id: string;
  readonly key: string;
  readonly title: string;
  readonly severity: Severity;
  readonly host: string;
  readonly service: string;
  /** ms since 1970. */
  readonly since: number;
  readonly resolvedAt?: number;
  /** What was seen, with the values: `status 502 ≠ 200`. */
  readonly description: string;
}
