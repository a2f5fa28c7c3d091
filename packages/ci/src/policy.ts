import type { Limits } from "./container.ts";

/** What the CI's own configuration says. It is trusted: nothing in a patch can change it. */
export interface Policy {
  /** Names of steps that a pipeline must have; one without them fails. */
  readonly requiredSteps: readonly string[];
  /** Image for steps that name none; it has node and a shell. */
  readonly toolchain: string;
  /** Image that `node` stands for in image steps; also what the front of end-to-end tests runs in. */
  readonly node: string;
  /** Environment of every step, such as the address of a package registry. No secrets: patches can print it. */
  readonly env: Readonly<Record<string, string>>;
  /** How many steps run at once. */
  readonly slots: number;
  readonly limits: Limits;
  /** A step's log is cut there. */
  readonly maxLogBytes: number;
  /** How many results of steps are kept for later runs. */
  readonly keepResults: number;
  /** The images of so many commits that passed last stay on the engine. */
  readonly keepImages: number;
  /** The logs of so many runs stay. */
  readonly keepLogs: number;
}

/** Images of a policy are its only part without a default. */
export const policyOf = (given: Partial<Policy> & Pick<Policy, "toolchain" | "node">): Policy => ({
  requiredSteps: [],
  env: {},
  slots: 2,
  limits: { memoryMb: 2048, cpus: 2, processes: 512 },
  maxLogBytes: 16 * 1024 * 1024,
  keepResults: 40,
  keepImages: 10,
  keepLogs: 200,
  ...given,
});

/** The account of every step: the images' `app`. Files of a workspace are its own. */
export const stepUser = 1000;
