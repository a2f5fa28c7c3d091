import type { Slot } from "./names.ts";
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
  | { readonly do: "gate"; readonly deployment: Deployment; readonly service: string; readonly container: string }
  | { readonly do: "site"; readonly text: string | undefined; readonly takesDefault: boolean }
  | { readonly do: "flags"; readonly slot: Slot; readonly green: readonly string[] }
  | { readonly do: "drain" }
  | { readonly do: "stop"; readonly container: string; readonly seconds: number }
  | { readonly do: "phase"; readonly id: string; readonly phase: Phase }
  | { readonly do: "verify"; readonly deployment: Deployment }
  | { readonly do: "commit"; readonly deployment: Deployment; readonly streams: readonly string[] }
  | { readonly do: "writer"; readonly service: string; readonly release: string }
  | { readonly do: "promote"; readonly deployment: Deployment; readonly service: string; readonly container: string }
  | { readonly do: "remove"; readonly container: string }
  | { readonly do: "compose"; readonly deployment: Deployment }
  | { readonly do: "prune"; readonly deployment: Deployment; readonly images: ReadonlySet<string> }
  | { readonly do: "done"; readonly id: string }
  | { readonly do: "undone"; readonly id: string };

/** A step as one line for people. */
export function titleOf(step: Step): string {
  switch (step.do) {
    case "begin":
      return `begin ${step.deployment.action} of ${step.deployment.commit.slice(0, 12)} in ${step.deployment.slot}`;
    case "images":
      return `send ${Object.keys(step.images).toSorted().join(", ")}`;
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
