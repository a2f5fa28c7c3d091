import type { PipelineData, StepData } from "./pipeline.ts";

/** Names that the CI gives to its own parts of a run. */
const reserved = new Set(["pipeline", "merge", "publish"]);

/** Everything wrong with a pipeline's graph, each as one sentence. Empty: it can run. */
export function problemsOf(pipeline: PipelineData): readonly string[] {
  const problems: string[] = [];
  const known = new Map<string, StepData>();
  for (const step of pipeline.steps) {
    if (reserved.has(step.name)) problems.push(`a step cannot be called "${step.name}": the CI uses that name itself`);
    if (known.has(step.name)) problems.push(`two steps are called "${step.name}"`);
    known.set(step.name, step);
  }
  for (const step of pipeline.steps) {
    for (const need of step.needs) {
      if (!known.has(need)) problems.push(`"${step.name}" needs "${need}", which is not in the pipeline`);
    }
  }
  const services = pipeline.steps.flatMap((step) => (step.kind === "image" ? [step.service] : []));
  for (const service of services.filter((one, index) => services.indexOf(one) !== index)) {
    problems.push(`two steps build the image of "${service}"`);
  }
  for (const step of pipeline.steps) {
    if (step.kind !== "run") continue;
    for (const service of step.services) {
      if (!services.includes(service)) problems.push(`"${step.name}" runs "${service}", whose image is not built`);
    }
    for (const path of [...step.inputs, ...step.outputs]) problems.push(...pathProblems(step.name, path));
    problems.push(...sharedOutputs(step, known));
  }
  const cycle = cycleIn(pipeline.steps);
  if (cycle !== undefined) problems.push(`steps wait for each other: ${cycle.join(" → ")}`);
  return problems;
}

const pathProblems = (step: string, path: string): string[] =>
  path === "" || path.startsWith("/") || path.split("/").some((part) => part === ".." || part === "." || part === "")
    ? [`"${step}" names the path "${path}"; write it relative to the repository, without . and ..`]
    : [];

/** Two mounts at one place, or one inside another, would hide each other's files. */
function sharedOutputs(step: StepData, known: ReadonlyMap<string, StepData>): string[] {
  const seen = new Map<string, string>();
  const problems: string[] = [];
  for (const name of [...upstream(step, known), step.name]) {
    const one = known.get(name);
    for (const output of one?.kind === "run" ? one.outputs : []) {
      for (const [other, owner] of seen) {
        if (other === output || other.startsWith(`${output}/`) || output.startsWith(`${other}/`)) {
          problems.push(`"${name}" and "${owner}" both make "${output}", and "${step.name}" sees both`);
        }
      }
      seen.set(output, name);
    }
  }
  return problems;
}

/** Names of all the steps that a step waits for, directly or not, in the order they are found. */
export function upstream(step: StepData, known: ReadonlyMap<string, StepData>): readonly string[] {
  const found = new Set<string>();
  const visit = (names: readonly string[]): void => {
    for (const name of names) {
      if (found.has(name) || name === step.name) continue;
      found.add(name);
      visit(known.get(name)?.needs ?? []);
    }
  };
  visit(step.needs);
  return [...found];
}

/** The names of one cycle, first repeated at the end; undefined when there is none. */
export function cycleIn(steps: readonly StepData[]): readonly string[] | undefined {
  const known = new Map(steps.map((step) => [step.name, step]));
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (name: string): readonly string[] | undefined => {
    if (done.has(name)) return undefined;
    const at = path.indexOf(name);
    if (at >= 0) return [...path.slice(at), name];
    path.push(name);
    for (const need of known.get(name)?.needs ?? []) {
      const cycle = visit(need);
      if (cycle !== undefined) return cycle;
    }
    path.pop();
    done.add(name);
    return undefined;
  };
  for (const step of steps) {
    const cycle = visit(step.name);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

export type StepState = "waiting" | "running" | "passed" | "failed" | "timed out" | "cancelled" | "skipped";

/** What to do next in a run. Pure: the same states give the same answer. */
export interface Next {
  /** Steps to start now, in the pipeline's order, no more than there are free slots. */
  readonly start: readonly string[];
  /** Steps that can never run, because one that they need did not pass. */
  readonly skip: readonly string[];
  /** True when nothing runs and nothing can start. */
  readonly over: boolean;
}

const ended = new Set<StepState>(["failed", "timed out", "cancelled", "skipped"]);

/** After the first failure nothing new is started. */
export function nextSteps(steps: readonly StepData[], states: ReadonlyMap<string, StepState>, slots: number): Next {
  const stateOf = (name: string): StepState => states.get(name) ?? "waiting";
  const running = steps.filter((step) => stateOf(step.name) === "running").length;
  const waiting = steps.filter((step) => stateOf(step.name) === "waiting");
  if (steps.some((step) => ended.has(stateOf(step.name)))) {
    return { start: [], skip: waiting.map((step) => step.name), over: running === 0 };
  }
  const ready = waiting.filter((step) => step.needs.every((need) => stateOf(need) === "passed"));
  const start = ready.slice(0, Math.max(0, slots - running)).map((step) => step.name);
  return { start, skip: [], over: running === 0 && start.length === 0 };
}
