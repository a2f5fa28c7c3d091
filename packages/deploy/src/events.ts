import type { Plan } from "./plan.ts";
import type { Step } from "./steps.ts";

/** What a rollout tells while it works. Holds no secret. */
export type DeployEvent =
  | { readonly kind: "plan"; readonly plan: Plan }
  | { readonly kind: "step"; readonly title: string; readonly state: "started" }
  | { readonly kind: "step"; readonly title: string; readonly state: "done"; readonly ms: number }
  | {
      readonly kind: "step";
      readonly title: string;
      readonly state: "failed";
      readonly ms: number;
      readonly why: string;
    }
  | { readonly kind: "sending"; readonly bytes: number }
  | { readonly kind: "notice"; readonly message: string };

/** Steps of the record alone are not worth a line. */
export const isQuiet = (step: Step): boolean => step.do === "phase";
