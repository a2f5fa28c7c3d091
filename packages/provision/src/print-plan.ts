import { addressOf, type FieldChange } from "./plan/differences.ts";
import { changesOf, type Do, type ProvisionPlan, type Step } from "./plan.ts";

const signs: Readonly<Record<Do, string>> = {
  create: "+ create  ",
  replace: "± replace ",
  update: "~ update  ",
  start: "~ start   ",
  adopt: "~ adopt   ",
  keep: "  keep    ",
  delete: "- delete  ",
};

const order: readonly Do[] = ["create", "replace", "adopt", "update", "start", "keep", "delete"];

/** The plan for people: what is done, field by field, what it costs, what is left alone, and what is wrong. */
export function printPlan(plan: ProvisionPlan): string {
  const money = (amount: number): string => `${plan.currency}${Number.isInteger(amount) ? amount : amount.toFixed(2)}`;
  const sorted = order.flatMap((what) => plan.steps.filter((step) => step.do === what));
  const lines = [
    ...sorted.flatMap((step) => linesOf(step, plan, money)),
    ...plan.unlisted.map(
      ({ ref, cloudId, monthly }) =>
        `  unlisted ${ref}  (${cloudId}; nothing asks for it${monthly > 0 ? `, ${money(monthly)} a month` : ""})`,
    ),
    ...plan.drift.map((text) => `  drift    ${text}`),
    ...plan.problems.map((text) => `! problem  ${text}`),
  ];
  const changes = changesOf(plan);
  const cost =
    plan.change === 0 ? "" : `, ${money(Math.abs(plan.change))} a month ${plan.change > 0 ? "more" : "less"}`;
  const total = plan.monthly > 0 ? `; ${money(plan.monthly)} a month in all` : "";
  return `${[...lines, `${changes} change${changes === 1 ? "" : "s"}${cost}${total}`].join("\n")}\n`;
}

function linesOf(step: Step, plan: ProvisionPlan, money: (amount: number) => string): readonly string[] {
  const about = [
    step.do === "create" ? shape(step, plan) : step.cloudId,
    step.do === "keep" ? undefined : step.reason,
    step.change === 0 ? undefined : `${step.change > 0 ? "+" : "−"}${money(Math.abs(step.change))} a month`,
  ].filter((part) => part !== undefined && part !== "");
  const head = `${signs[step.do]} ${step.ref}${about.length === 0 ? "" : `  (${about.join("; ")})`}`;
  return [head, ...step.fields.map(fieldLine)];
}

const fieldLine = ({ field, from, to, how, by }: FieldChange): string => {
  const notes = [...(how === "in place" ? [] : [how]), ...(by === "cloud" ? ["changed in the cloud"] : [])];
  return `             ${field}: ${from === "" ? "nothing" : from} → ${to === "" ? "nothing" : to}${notes.length === 0 ? "" : ` (${notes.join(", ")})`}`;
};

/** What is made, in a few words. */
function shape(step: Step, plan: ProvisionPlan): string | undefined {
  const wanted = plan.wanted.find((one) => `${one.kind} ${one.name.toLowerCase()}` === step.ref);
  switch (wanted?.kind) {
    case "machine":
      return `${wanted.size} in ${wanted.region}, ${wanted.image}`;
    case "volume":
      return `${wanted.gigabytes} GB in ${wanted.region}${wanted.machine === undefined ? "" : `, on ${wanted.machine}`}`;
    case "record":
      return typeof wanted.data === "string" ? wanted.data : addressOf(wanted.data.of);
    case "reserved-ip":
      return `leads to ${wanted.machine}`;
    case "firewall":
      return `before ${wanted.machines.join(", ")}`;
    default:
      return undefined;
  }
}
