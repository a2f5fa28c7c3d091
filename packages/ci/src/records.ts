/** How a step ended. */
export type StepOutcome = "passed" | "failed" | "timed out" | "cancelled";

/** What the CI writes down, each before or after an effect, so that a crash anywhere can be understood. */
export type CiRecord =
  | {
      readonly type: "run queued";
      readonly run: string;
      /** File name of the hook's request, or `ref <name> <commit>` when it was found by looking at the refs. */
      readonly request: string;
      readonly ref: string;
      readonly commit: string;
      readonly subject: string;
      readonly author: string;
    }
  | {
      readonly type: "run started";
      readonly run: string;
      /** Counts from 1; more when the CI was restarted or main moved meanwhile. */
      readonly attempt: number;
      /** `main` at that time; null when it does not exist yet. */
      readonly base: string | null;
      /** The commit that is tested and becomes main: the pushed one, or its merge with main. */
      readonly candidate: string;
      readonly tree: string;
    }
  | {
      readonly type: "pipeline read";
      readonly run: string;
      readonly pipeline: { readonly name: string; readonly digest: string };
      readonly steps: readonly {
        readonly name: string;
        readonly kind: "run" | "image";
        readonly needs: readonly string[];
      }[];
    }
  | { readonly type: "step started"; readonly run: string; readonly step: string; readonly attempt: number }
  | {
      readonly type: "step finished";
      readonly run: string;
      readonly step: string;
      readonly attempt: number;
      readonly state: StepOutcome;
      readonly seconds: number;
      /** Run whose result was taken; absent when the step really ran. */
      readonly cachedFrom?: string;
      /** Content key of what the step saw; steps with the same key need not run again. */
      readonly key?: string;
      /** Volumes that hold its outputs, in the order of the declaration. */
      readonly outputs?: readonly string[];
      /** Id of the image that it made. */
      readonly image?: string;
      readonly message?: string;
    }
  | {
      readonly type: "run publishing";
      readonly run: string;
      readonly candidate: string;
      readonly base: string | null;
    }
  | {
      readonly type: "run finished";
      readonly run: string;
      readonly state: "passed" | "failed";
      readonly seconds: number;
      readonly failedStep?: string;
      readonly message?: string;
      /** Last lines of the failed step's log. */
      readonly logTail?: string;
    };
