export {
  type CiSpec,
  type DeploymentSpec,
  type MonitorStation,
  type OpsSpec,
  ops,
  type Platform,
} from "./platform/ops.ts";
export { type ExistingMachine, existing, inContainer, thisMachine } from "./platform/targets.ts";
