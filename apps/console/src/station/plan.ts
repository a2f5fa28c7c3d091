import { createHash } from "node:crypto";
import type { Command } from "@slipway/model";

/** A long-running part of Slipway itself on one host, as a container. */
export interface StationSpec {
  /** Also the container's name. */
  readonly name: `slipway-${string}`;
  /** Image id, `sha256:…`. */
  readonly image: string;
  readonly command: Command;
  /** Host folders it sees, as Docker writes them: `/from:/to` with `:ro` where it only reads. */
  readonly mounts: readonly string[];
  /** Whatever must make it start again when it changes: its configuration, and the versions of its secrets. */
  readonly depends: string;
}

/** A container of a station as seen on the host's engine. */
export interface SeenStation {
  readonly id: string;
  readonly name: string;
  readonly digest: string | undefined;
  readonly running: boolean;
}

export type StationStep =
  | { readonly do: "remove"; readonly id: string; readonly name: string }
  | { readonly do: "create"; readonly spec: StationSpec; readonly digest: string }
  | { readonly do: "start"; readonly id: string; readonly name: string };

export const stationDigest = (spec: StationSpec): string =>
  createHash("sha256").update(JSON.stringify(spec)).digest("hex").slice(0, 32);

/** What to do so that exactly the wanted stations run, each as specified. Empty when they do. */
export function planStations(wanted: readonly StationSpec[], seen: readonly SeenStation[]): readonly StationStep[] {
  const steps: StationStep[] = [];
  for (const one of seen)
    if (!wanted.some((spec) => spec.name === one.name)) steps.push({ do: "remove", id: one.id, name: one.name });
  for (const spec of wanted) {
    const digest = stationDigest(spec);
    const same = seen.find((one) => one.name === spec.name && one.digest === digest);
    if (same?.running === true) continue;
    if (same !== undefined) {
      steps.push({ do: "start", id: same.id, name: same.name });
      continue;
    }
    for (const old of seen) if (old.name === spec.name) steps.push({ do: "remove", id: old.id, name: old.name });
    steps.push({ do: "create", spec, digest });
  }
  return steps;
}

export const describeStationStep = (step: StationStep): string =>
  step.do === "create"
    ? `${step.spec.name} runs`
    : step.do === "start"
      ? `${step.name} is started again`
      : `${step.name} is removed`;
