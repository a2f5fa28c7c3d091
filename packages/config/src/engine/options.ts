import { hostname, userInfo } from "node:os";
import type { Clock, Host, Secrets, Surroundings } from "@slipway/model";
import type { ReportItem } from "../report.ts";
import type { HostPlan } from "../saved-plan.ts";

export type ApplyEvent =
  | { readonly type: "waiting"; readonly holder: string }
  | { readonly type: "observed"; readonly ms: number }
  | { readonly type: "changing"; readonly property: string; readonly changes: readonly string[] }
  /** The link broke, or the machine starts anew; the run goes on by itself once it answers. */
  | { readonly type: "reconnecting"; readonly why: string }
  /** A fresh login is tried after a change that may lock out. */
  | { readonly type: "confirming"; readonly guard: string }
  | { readonly type: "item"; readonly item: ReportItem };

export interface ApplyOptions {
  readonly secrets?: Secrets;
  /** Ends the run between two changes; one that runs is left to finish on the host. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly onEvent?: (event: ApplyEvent) => void;
  /** Titles of properties or bundles: only these and what they need. Nothing is taken back then. */
  readonly only?: readonly string[];
  /**
   * What becomes of properties that an earlier run made true and that are in the list no longer: taken back where they have an
   * opposite; kept, for a later run to take back; or forgotten, so that they stay on the host for good. Default: taken back.
   */
  readonly removed?: "take back" | "keep" | "forget";
  /**
   * Names whose list this is, such as `shop/web-1`: a host that was configured from another one refuses (`config.other-list`), as all
   * that the other list brought would be taken back. Empty: whoever comes. Default: the host's name.
   */
  readonly list?: string;
  /** The host's record of another list is put aside, and nothing of it is taken back. */
  readonly adopt?: boolean;
  /** Exactly what this plan says is done; `config.stale` when the host or the list has moved on since. */
  readonly exactly?: HostPlan;
  /** How long a lock that somebody else holds is waited for. Default 5. A run that was cut off is always waited for. */
  readonly lockWaitSeconds?: number;
  /** The platform's other hosts, for properties that are derived from them. Default: this host alone. */
  readonly around?: Surroundings;
  /** Shown to others while this run holds the lock. Default: user, machine and process. */
  readonly holder?: string;
  /** Folder on the host for the lock, the journal and the record of what was applied. Default /var/lib/slipway/config. */
  readonly stateFolder?: string;
}

/** Whether what left the list is taken back: not when only a part of the list is looked at. */
export const takesBack = ({ only, removed }: Pick<ApplyOptions, "only" | "removed">): boolean =>
  only === undefined && removed !== "keep";

/** Whose list is applied. */
export const listOf = (host: Pick<Host, "name">, options: Pick<ApplyOptions, "list">): string =>
  options.list ?? host.name;

/** Who runs this, for others who wait. */
export const holderOf = (options: Pick<ApplyOptions, "holder">): string =>
  options.holder ?? `${userInfo().username}@${hostname()} (process ${process.pid})`;
