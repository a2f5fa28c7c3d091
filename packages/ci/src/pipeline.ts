import type { Command } from "@slipway/model";

/** What starts a pipeline: a push to this branch, or to a branch below it (`review/anna`). */
export interface Trigger {
  readonly push: string;
}

/** What a container of a step can reach: nothing, or the outside world (for downloading dependencies). */
export type StepNetwork = "none" | "internet";

interface StepBase {
  /** Unique in its pipeline. */
  readonly name: string;
  /** Names of the steps that must pass before this one starts. Their outputs are in its workspace. */
  readonly needs: readonly string[];
  readonly timeoutMs: number;
}

/** A command in a container of its own. Plain data: what a pipeline file becomes when it is read. */
export interface RunStep extends StepBase {
  readonly kind: "run";
  readonly run: Command;
  /** Image of the container; without it the toolchain image of the CI. It must be on the CI's engine. */
  readonly image?: string;
  readonly env: Readonly<Record<string, string>>;
  /** Files and folders of the repository that the step sees. Empty: all of them. */
  readonly inputs: readonly string[];
  /** Folders that the step makes, for the steps that need it; read-only there. */
  readonly outputs: readonly string[];
  /** `content`: not run again when nothing that it can see has changed. */
  readonly cache: "content" | "never";
  readonly network: StepNetwork;
  /** Services of the application that run beside it; the step gets only their address, as SLIPWAY_URL. */
  readonly services: readonly string[];
}

export interface CopiedFile {
  /** File or folder of the workspace: of the repository, or of the output of a needed step. */
  readonly from: string;
  /** Absolute path in the image. */
  readonly to: string;
}

/** An image for one service of the application, made by the engine itself: no code of the patch runs. */
export interface ImageStep extends StepBase {
  readonly kind: "image";
  readonly service: string;
  /** Base image. It must be on the CI's engine; `node` stands for the CI's own runtime image. */
  readonly from: string;
  readonly copy: readonly CopiedFile[];
  readonly entry: Command;
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
}

export type StepData = RunStep | ImageStep;

/** A pipeline as data. */
export interface PipelineData {
  readonly name: string;
  readonly on: Trigger;
  readonly steps: readonly StepData[];
}
