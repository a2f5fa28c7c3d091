export {
  followRuns,
  mainCommit,
  readRuns,
  resolveCommit,
  runAgain,
  verifiedStatement,
  type WaitOptions,
  waitForRun,
} from "./client.ts";
export type { Limits } from "./container.ts";
export * from "./definitions/index.ts";
export type { Docker } from "./docker.ts";
export { ciErrors } from "./errors.ts";
export { problemsOf, type StepState } from "./graph.ts";
export { followLog, printable, readLog } from "./log.ts";
export type { Policy } from "./policy.ts";
export type { CiRecord, StepOutcome } from "./records.ts";
export { journalPath, logPath, type Repository, repositoryAt } from "./repository.ts";
export { type Run, type RunState, runsOf, type StepView } from "./runs.ts";
export { type CiServerOptions, ciServer } from "./server.ts";
