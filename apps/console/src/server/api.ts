/** What the console's page is sent. Plain data, shared by the server and the page. All times are ms since 1970. */

export type PropertyState = "ok" | "change" | "unknown";

/** A property as ops.config.ts names it, with the parts that it consists of. */
export interface PropertyView {
  readonly title: string;
  readonly state: PropertyState;
  readonly parts: readonly { readonly title: string; readonly state: PropertyState; readonly detail?: string }[];
}

export interface HostView {
  readonly name: string;
  readonly address: string | undefined;
  readonly status: "up" | "unreachable" | "absent";
  readonly os: string;
  readonly properties: readonly PropertyView[];
  /** When the properties were last seen. */
  readonly checkedAt: number | undefined;
  /** Last value by metric: fractions of 1, except uptime in seconds. */
  readonly metrics: Readonly<Record<string, number>>;
}

export type StepState = "waiting" | "running" | "passed" | "failed" | "cached" | "skipped" | "cancelled";

export interface RunView {
  readonly id: string;
  readonly repository: string;
  readonly commit: string;
  readonly subject: string;
  readonly author: string;
  readonly state: "queued" | "running" | "passed" | "failed" | "cancelled";
  readonly queuedAt: number;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  readonly failedStep: string | undefined;
  readonly reason: string | undefined;
  readonly steps: readonly {
    readonly name: string;
    readonly state: StepState;
    readonly ms: number | undefined;
    readonly needs: readonly string[];
  }[];
}

export interface ReleaseView {
  readonly environment: string;
  readonly app: string;
  readonly host: string;
  readonly commit: string | undefined;
  readonly since: number | undefined;
  readonly signer: string | undefined;
  readonly services: readonly {
    readonly name: string;
    readonly slot: string;
    readonly state: string;
    readonly commit: string;
  }[];
  readonly history: readonly {
    readonly at: number;
    readonly commit: string;
    readonly action: string;
    readonly outcome: string;
  }[];
}

export interface CheckView {
  readonly title: string;
  readonly state: "up" | "down" | "unknown";
  readonly description: string;
  readonly since: number | undefined;
}

export interface AlertView {
  readonly id: string;
  readonly title: string;
  readonly severity: "warning" | "critical";
  readonly host: string;
  readonly since: number;
  readonly resolvedAt: number | undefined;
  readonly description: string;
}

/** Whether a part of the platform could be read; what could not is said on the page. */
export interface SourceView {
  readonly name: string;
  readonly ok: boolean;
  readonly error?: string;
  /** The command that helps. */
  readonly hint?: string;
}

export interface Snapshot {
  readonly platform: string;
  readonly at: number;
  readonly hosts: readonly HostView[];
  readonly runs: readonly RunView[];
  readonly releases: readonly ReleaseView[];
  readonly checks: readonly CheckView[];
  readonly alerts: readonly AlertView[];
  readonly sources: readonly SourceView[];
}

/** Points of a series: `null` is a gap. */
export interface SeriesView {
  readonly host: string;
  readonly service: string;
  readonly at: readonly number[];
  readonly value: readonly (number | null)[];
}
