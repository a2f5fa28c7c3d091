import type { Slot } from "./names.ts";
import type { PrunableImages } from "./prune.ts";
import type { Deployment, Phase } from "./record.ts";

/** One effect. Each may be repeated, and may have happened in part before. */
export type Step =
  | { readonly do: "begin"; readonly deployment: Deployment }
  | { readonly do: "images"; readonly images: Readonly<Record<string, string>> }
  | { readonly do: "folders"; readonly deployment: Deployment }
  | { readonly do: "secrets"; readonly deployment: Deployment; readonly services: readonly string[] }
  | { readonly do: "backup"; readonly deployment: Deployment; readonly services: readonly string[] }
  | { readonly do: "create"; readonly deployment: Deployment; readonly service: string; readonly container: string }
  | { readonly do: "start"; readonly service: string; readonly container: string }
  | {
      readonly do: "gate" | "promote";
      readonly deployment: Deployment;
      readonly service: string;
      readonly container: string;
      /** Going back must not fail because what ran before was not healthy either: then it is only told. */
      readonly mustBeHealthy: boolean;
    }
  | { readonly do: "site"; readonly text: string | undefined; readonly takesDefault: boolean }
  | { readonly do: "flags"; readonly slot: Slot; readonly green: readonly string[] }
  | { readonly do: "drain" }
  | { readonly do: "stop"; readonly container: string; readonly seconds: number; readonly writer: boolean }
  | { readonly do: "phase"; readonly id: string; readonly phase: Phase }
  | { readonly do: "verify"; readonly deployment: Deployment }
  | { readonly do: "commit"; readonly deployment: Deployment; readonly streams: readonly string[] }
  | { readonly do: "writer"; readonly service: string; readonly release: string }
  | { readonly do: "remove"; readonly container: string }
  | { readonly do: "compose"; readonly deployment: Deployment }
  | { readonly do: "prune"; readonly deployment: Deployment; readonly images: PrunableImages }
  | { readonly do: "done"; readonly id: string }
  | { readonly do: "undone"; readonly id: string };

const shortName = (image: string): string => image.replace(/(:[0-9a-f]{12})[0-9a-f]+$/, "$1");

/** A step as one line for people. */
export function titleOf(step: Step): string {
  switch (step.do) {
    case "begin":
      return `begin ${step.deployment.action} of ${step.deployment.commit.slice(0, 12)} in ${step.deployment.slot}`;
    case "images":
      return `send ${Object.keys(step.images).toSorted().map(shortName).join(", ")}`;
    case "folders":
      return "prepare folders and network";
    case "secrets":
      return `deliver secrets of ${step.services.join(", ")}`;
    case "backup":
      return `back up the events of ${step.services.join(", ")}`;
    case "create":
      return `create ${step.container}`;
    case "start":
      return `start ${step.container}`;
    case "gate":
      return `wait until ${step.container} is healthy`;
    case "site":
      return step.text === undefined ? "remove the nginx site" : "install the nginx site";
    case "flags":
      return `switch requests to ${step.slot}`;
    case "drain":
      return "let requests under way finish";
    case "stop":
      return `stop ${step.container}`;
    case "phase":
      return `note: ${step.phase}`;
    case "verify":
      return "verify the release again";
    case "commit":
      return "commit: from here on forward only";
    case "writer":
      return `make ${step.release.slice(0, 12)}${step.release.slice(step.release.indexOf("/"))} the writer of ${step.service}`;
    case "promote":
      return `wait until ${step.container} is active`;
    case "remove":
      return `remove ${step.container}`;
    case "compose":
      return "write compose.yaml";
    case "prune":
      return "prune what no kept release needs";
    case "done":
      return "record: done";
    case "undone":
      return "record: undone";
  }
}

const independent: ReadonlySet<Step["do"]> = new Set(["create", "start", "gate", "remove"]);

/** The steps in order, those that can run at the same time together. Writers stop last, each alone. */
export function together(steps: readonly Step[]): readonly (readonly Step[])[] {
  const groups: Step[][] = [];
  for (const step of steps) {
    const last = groups.at(-1);
    const before = last?.[0];
    const joins =
      before?.do === step.do &&
      (independent.has(step.do) || (step.do === "stop" && before.do === "stop" && !step.writer && !before.writer));
    if (joins && last !== undefined) last.push(step);
    else groups.push([step]);
  }
  return groups;
}
