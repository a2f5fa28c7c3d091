import { opsJson, type Project } from "./platform.ts";

/** What `ops releases prod --json` prints, as far as the tests read it. */
export interface Releases {
  readonly current?: {
    readonly outcome: string;
    readonly deployment: { readonly commit: string; readonly slot: string; readonly action: string };
  };
  readonly pending?: unknown;
  readonly containers: readonly {
    readonly service: string;
    readonly slot: string;
    readonly release: string;
    readonly state: string;
    readonly serving: boolean;
  }[];
  readonly history: readonly {
    readonly outcome: string;
    readonly deployment: { readonly commit: string; readonly action: string };
  }[];
}

export const releases = (project: Project): Promise<Releases> => opsJson<Releases>(project, ["releases", "prod"]);

/** The services of the ledger. */
export const services = ["core", "mail", "web"] as const;

/** The containers of a release as they must be: one of each service, of that commit, running and serving. */
export const exactly = (commit: string): readonly object[] =>
  services.map((service) => ({ service, release: commit, state: "running", serving: true }));

export const seenContainers = ({ containers }: Releases): readonly object[] =>
  containers
    .map(({ service, release, state, serving }) => ({ service, release, state, serving }))
    .toSorted((a, b) => a.service.localeCompare(b.service));

/** A run as `ops ci runs --json` tells of it. */
export interface CiRun {
  readonly id: string;
  readonly commit: string;
  readonly state: string;
  readonly failedStep?: string;
  readonly steps: readonly { readonly name: string; readonly state: string }[];
}

export const runs = async (project: Project): Promise<readonly CiRun[]> =>
  (await opsJson<{ readonly runs: readonly CiRun[] }>(project, ["ci", "runs"])).runs;
