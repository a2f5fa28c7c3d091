import { errorsOf, SlipwayError } from "@slipway/model";

/** What can go wrong in CI. Codes are permanent. */
export const ciErrors = {
  "ci.pipeline-invalid": { exitCode: 1, hint: "Correct pipeline.ts and push again." },
  "ci.pipeline-unreadable": { exitCode: 1, hint: "Run `node pipeline.ts` in the repository to see the error." },
  "ci.step-required": { exitCode: 5, hint: "Add the step to pipeline.ts; the CI's own configuration requires it." },
  "ci.conflict": { exitCode: 1, hint: "Merge or rebase onto main, then push to review again." },
  "ci.step-failed": { exitCode: 1, hint: "Read the step's log with `ops ci log`." },
  "ci.no-image": { exitCode: 1, hint: "Send the image to the CI's engine, or name one that is there." },
  "ci.missing-output": { exitCode: 1, hint: "Correct `outputs` or `copy` in pipeline.ts." },
  "ci.git": { exitCode: 1, hint: "Look at the repository on the CI host." },
  "ci.no-commit": { exitCode: 2, hint: "Push the commit to review first." },
  "ci.no-run": {
    exitCode: 1,
    hint: "Is the CI running? `ops doctor` and the log of the container slipway-ci on the CI host tell.",
  },
} as const;

export const fail = errorsOf(ciErrors);

/** Codes that tell of the patch and not of the CI: they end the run, others end the attempt. */
const patchCodes = new Set([
  "ci.pipeline-invalid",
  "ci.pipeline-unreadable",
  "ci.step-required",
  "ci.conflict",
  "ci.missing-output",
  "ci.no-image",
  "ci.step-failed",
]);

/** Whether an error is the patch's own. */
export const isOfPatch = (thrown: unknown): thrown is SlipwayError =>
  thrown instanceof SlipwayError && patchCodes.has(thrown.code);
