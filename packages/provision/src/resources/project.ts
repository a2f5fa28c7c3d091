import { type Ref, refOf, type WantedProject } from "../resource.ts";
import { madeHosts } from "../wanted.ts";
import type { Around } from "./declared.ts";

export interface ProjectSpec {
  readonly environment: WantedProject["environment"];
  /** Default `Web Application`. */
  readonly purpose?: string;
}
export interface Project {
  readonly resource: "project";
  readonly name: string;
  readonly spec: ProjectSpec;
}

/** Groups all machines, volumes and domains of the platform in the provider's own console. */
export const project = (name: string, spec: ProjectSpec): Project => ({ resource: "project", name, spec });

export function wantedProject({ name, spec }: Project, { hosts, resources }: Around): WantedProject {
  const kinds = ["volume", "domain"] as const;
  const members: readonly Ref[] = [
    ...madeHosts(hosts).map((host) => refOf({ kind: "machine", name: host.name })),
    ...kinds.flatMap((kind) =>
      resources.flatMap((one) => (one.resource === kind ? [refOf({ kind, name: one.name })] : [])),
    ),
  ];
  return { kind: "project", name, purpose: spec.purpose ?? "Web Application", environment: spec.environment, members };
}
