import type { Event } from "@slipway/model";
import type { AlertPolicy } from "../alerts/machine.ts";

/** How an event is judged. Plain data. */
export type Judgement =
  /** The event says so itself, in its state. */
  | { readonly by: "state" }
  /** Bad at a limit and beyond, good again only below it by `margin`. */
  | {
      readonly by: "limit";
      readonly warning?: number;
      readonly critical?: number;
      readonly margin: number;
      /** "share": a fraction of 1, shown as percent. */
      readonly unit: "share" | "number";
      /** Bad only if this attribute is below as well. */
      readonly and?: { readonly attribute: string; readonly below: number };
    };

/** Which events make an alert, and when. The first rule of a configuration that fits an event is the one that judges it. */
export interface RuleConfig {
  /** Unique and stable: alerts are remembered by it. */
  readonly id: string;
  /** What is wrong when it fires, in a few words. */
  readonly title: string;
  /** Every host when left out. */
  readonly host?: string;
  /** A service, or the start of one with `*` at its end. */
  readonly service: string;
  readonly judge: Judgement;
  readonly policy?: Partial<AlertPolicy>;
}

export function fits(rule: RuleConfig, event: Pick<Event, "host" | "service">): boolean {
  if (rule.host !== undefined && rule.host !== event.host) return false;
  return rule.service.endsWith("*")
    ? event.service.startsWith(rule.service.slice(0, -1))
    : rule.service === event.service;
}

const keyId = (rule: RuleConfig): string => rule.id.replaceAll("|", "%7C");

/** Key of the alert about one host and service. */
export const alertKey = (rule: RuleConfig, event: Pick<Event, "host" | "service">): string =>
  `${keyId(rule)}|${event.host}|${event.service}`;

/** The rule, host and service of a key; no rule when it is not among these. */
export function fromAlertKey(
  key: string,
  rules: readonly RuleConfig[],
): { readonly rule: RuleConfig | undefined; readonly host: string; readonly service: string } {
  const [id = "", host = "", ...service] = key.split("|");
  return { rule: rules.find((each) => keyId(each) === id), host, service: service.join("|") };
}
