import type { Alert, Event } from "@slipway/model";
import type { Announcement } from "../alerts/machine.ts";

/** The newest value of one service of a host. */
export interface MetricView {
  readonly metric: number;
  readonly time: number;
  readonly description?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface HostStatus {
  readonly name: string;
  readonly state: "ok" | "unknown" | "unreachable";
  /** Why it does not answer. */
  readonly description: string;
  /** Service → newest value: "cpu", "load", "memory", "disk /", … Shares are fractions of 1. What is outdated is not here. */
  readonly metrics: Readonly<Record<string, MetricView>>;
}

export interface CheckStatus {
  readonly name: string;
  readonly host: string;
  readonly state: "ok" | "warning" | "critical" | "unknown";
  /** Latency in ms, of an HTTP check. */
  readonly metric?: number;
  readonly description: string;
  /** Of the last result; missing before the first. */
  readonly time?: number;
}

export interface MonitorStatus {
  readonly at: number;
  readonly startedAt: number;
  readonly everyMs: number;
  readonly hosts: readonly HostStatus[];
  readonly checks: readonly CheckStatus[];
  /** Alerts that fire, the newest first. */
  readonly alerts: readonly Alert[];
  /** Announcements that are not delivered yet. */
  readonly undelivered: number;
  /** What is wrong with the monitor itself, the newest first. */
  readonly problems: readonly { readonly at: number; readonly what: string }[];
}

export interface AlertsView {
  readonly firing: readonly Alert[];
  /** The newest first, at most 200. */
  readonly resolved: readonly Alert[];
}

/** Something that changed. Ids grow within one run of the station; `after` takes one to go on behind it. */
export type Change = { readonly id: string } & (
  | { readonly kind: "metrics"; readonly data: readonly Event[] }
  | { readonly kind: "state"; readonly data: Event }
  | { readonly kind: "alert"; readonly data: Announcement }
  /** What was missed cannot be told: ask for the status again. */
  | { readonly kind: "reset"; readonly data: null }
);
