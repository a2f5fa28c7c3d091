/** Two places for each service; one serves while the other is prepared. */
export type Slot = "blue" | "green";

export const otherSlot = (slot: Slot): Slot => (slot === "blue" ? "green" : "blue");

/** Where everything of an application lives on its host. */
export interface Paths {
  readonly root: string;
  readonly record: string;
  readonly lock: string;
  readonly fence: string;
  readonly flags: string;
  readonly secrets: string;
  readonly compose: string;
  readonly siteMark: string;
  readonly proofs: string;
  readonly backups: string;
  readonly site: string;
}

export function pathsOf(app: string): Paths {
  const root = `/var/lib/slipway/apps/${app}`;
  return {
    root,
    record: `${root}/releases.jsonl`,
    lock: `${root}/lock`,
    fence: `${root}/fence`,
    flags: `${root}/flags`,
    secrets: `${root}/secrets`,
    compose: `${root}/compose.yaml`,
    siteMark: `${root}/site.loaded`,
    proofs: `${root}/proofs`,
    backups: `/var/backups/slipway/${app}`,
    site: `/etc/nginx/conf.d/slipway-${app}.conf`,
  };
}

/** A service's data folder on the host, mounted at /data. */
export const dataFolder = (app: string, service: string): string => `${pathsOf(app).root}/${service}`;
export const eventFile = (app: string, service: string): string => `${dataFolder(app, service)}/events.jsonl`;
/** Names the release that may write, see {@link writerId}. */
export const writerFile = (app: string, service: string): string => `${dataFolder(app, service)}/writer`;
/** While it exists, nginx sends a service's requests to green. */
export const flagFile = (app: string, service: string): string => `${pathsOf(app).flags}/${service}.green`;
export const containerName = (app: string, service: string, slot: Slot): string => `${app}-${service}-${slot}`;
export const networkName = (app: string): string => `slipway-${app}`;
/** What a container is told in SLIPWAY_RELEASE and what /data/writer holds. */
export const writerId = (commit: string, slot: Slot): string => `${commit}/${slot}`;

export const labels = {
  app: "slipway.app",
  service: "slipway.service",
  release: "slipway.release",
  slot: "slipway.slot",
  deployment: "slipway.deployment",
} as const;
