import type { Event, Severity } from "@slipway/model";
import type { Grade, Observation } from "../alerts/machine.ts";
import { isExpired } from "../streams/expired.ts";
import { inlet, type Op } from "../streams/op.ts";
import type { RuleConfig } from "./rule.ts";

const gibibyte = 1024 ** 3;
const shown = (value: number, unit: "share" | "number"): string =>
  unit === "share" ? `${Number((value * 100).toFixed(1))} %` : `${Number(value.toFixed(3))}`;

/**
 * Judges the events of one host and service by a rule. A value that is missing is unknown, never good. Between a limit and its margin
 * the former grade stays:
 *
 * ```text
 * limit .9, margin .02     .85  .91  .89  .91  .87
 *                          ok   bad  bad  bad  ok
 * ```
 */
export const grade =
  (rule: RuleConfig): Op<Event, Observation> =>
  (_clock, out) => {
    let former: Grade = "ok";
    return inlet((event) => {
      const [now, description] = isExpired(event)
        ? (["unknown", "nothing was heard of it"] as const)
        : judge(rule, event, former);
      if (now !== "unknown") former = now;
      out({ grade: now, title: rule.title, host: event.host, service: event.service, description });
    });
  };

function judge({ judge: by }: RuleConfig, event: Event, former: Grade): readonly [Grade, string] {
  const said = event.description ?? "";
  if (by.by === "state") {
    const known = event.state === "ok" || event.state === "warning" || event.state === "critical";
    return [known ? event.state : "unknown", said];
  }
  const { metric } = event;
  if (metric === undefined || !Number.isFinite(metric)) return ["unknown", said];
  const spare = by.and === undefined ? undefined : Number(event.attributes?.[by.and.attribute]);
  // `NaN < limit` is false, which would pass for plenty: an attribute that is missing is ignored instead.
  const plenty = by.and !== undefined && spare !== undefined && spare >= by.and.below;
  const reached = (severity: Severity): boolean => {
    const limit = by[severity];
    if (limit === undefined || plenty) return false;
    const held = former === "critical" || former === severity;
    return metric >= (held ? limit - by.margin : limit);
  };
  const now: Grade = reached("critical") ? "critical" : reached("warning") ? "warning" : "ok";
  return [now, explain(now, { by, event, metric, spare })];
}

function explain(
  now: Grade,
  seen: {
    readonly by: Extract<RuleConfig["judge"], { by: "limit" }>;
    readonly event: Event;
    readonly metric: number;
    readonly spare: number | undefined;
  },
): string {
  const { by, event, metric, spare } = seen;
  const limit = now === "critical" ? by.critical : (by.warning ?? by.critical);
  const sign = metric >= (limit ?? Number.POSITIVE_INFINITY) ? "≥" : "<";
  const compared = limit === undefined ? "" : ` ${sign} ${shown(limit, by.unit)}`;
  const free = spare === undefined || Number.isNaN(spare) ? "" : `, ${(spare / gibibyte).toFixed(1)} GiB free`;
  const said = event.description === undefined || event.description === "" ? "" : `: ${event.description}`;
  return `${event.service} ${shown(metric, by.unit)}${compared}${free}${said}`;
}
