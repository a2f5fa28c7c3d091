export { formatCompose } from "./compose.ts";
export { countsSince, type DataPlan, planData, StreamCounter } from "./data.ts";
export { type DeployOptions, type DeployResult, deploy } from "./deploy.ts";
export { deployErrors } from "./errors.ts";
export type { DeployEvent } from "./events.ts";
export {
  type ImageRef,
  type Progress,
  type SendOptions,
  type Sent,
  sendImage,
  sendImages,
} from "./images.ts";
export { type Lock, type LockOptions, takeLock } from "./lock.ts";
export {
  containerName,
  dataFolder,
  eventFile,
  flagFile,
  type Paths,
  pathsOf,
  type Slot,
  writerFile,
  writerId,
} from "./names.ts";
export { nginxSite, type SiteOptions } from "./nginx.ts";
export { formatPlan, type Plan, type PlanOptions, plan, type Seen, type SeenContainer, type Wanted } from "./plan.ts";
export { assignPorts, type Ports } from "./ports.ts";
export { preview } from "./preview.ts";
export type { Proof } from "./proof.ts";
export {
  type BackupFile,
  type Deployment,
  type History,
  historyOf,
  type Known,
  type ReleaseRecord,
  type StreamMark,
  type VersionCounts,
} from "./record.ts";
export { earlier, type Kept, type RollbackOptions, type RollbackResult, rollback } from "./rollback.ts";
export type { RolloutOptions } from "./session.ts";
export { type Running, releases, type Status, status } from "./status.ts";
export { type Step, titleOf } from "./steps.ts";
export { type ContainerSpec, checkApp, containersOf } from "./topology.ts";
