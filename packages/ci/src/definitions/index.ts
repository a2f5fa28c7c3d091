export type { CopiedFile, ImageStep, PipelineData, RunStep, StepData, StepNetwork, Trigger } from "../pipeline.ts";
export {
  type EndToEndOptions,
  endToEnd,
  type ImageOptions,
  image,
  type Needed,
  pipeline,
  push,
  type StepOptions,
  script,
  step,
} from "./define.ts";
