import { errorsOf } from "@slipway/model";

/** The console's own errors; codes are permanent. */
export const fail = errorsOf({
  "ops.no-config": { exitCode: 2, hint: "Run ops in a folder with an ops.config.ts, or name one by --config FILE." },
  "ops.config-type-error": { exitCode: 2, hint: "Mend the line above; nothing was connected to." },
  "ops.config-failed": { exitCode: 2, hint: "Mend ops.config.ts; nothing was connected to." },
  "ops.config-shape": { exitCode: 2, hint: "End the file with: export default ops({ … })." },
  "ops.unknown-host": { exitCode: 2, hint: "Name a host of ops.config.ts." },
  "ops.unknown-environment": { exitCode: 2, hint: "Name a deployment of ops.config.ts." },
  "ops.not-provisioned": { exitCode: 1, hint: "Run `pnpm ops provision` first." },
  "ops.not-configured": { exitCode: 1, hint: "Run `pnpm ops config` first." },
  "ops.confirm": { exitCode: 2, hint: "Without a terminal to ask on, say --yes." },
  "ops.stale": { exitCode: 5, hint: "Look at the new plan and apply that one." },
  "ops.port-used": { exitCode: 1, hint: "Name another port by --port, or stop what listens there." },
  "ops.disk-full": { exitCode: 1, hint: "Free some space and run the same command again: it goes on where it stopped." },
  "ops.partly-failed": { exitCode: 3, hint: "Mend what the report names and run the same command again: it goes on where it stopped." },
  "ops.leg-failed": { exitCode: 1, hint: "Run the same command again: it goes on where it stopped." },
  "ops.web-missing": { exitCode: 1, hint: "Run `pnpm --filter @slipway/console build:web`." },
  "ops.unverified": { exitCode: 5, hint: "Push it to review; when CI has verified it, it can be deployed: git push ci HEAD:review" },
  "ops.nothing-to-do": { exitCode: 4, hint: "" },
});
