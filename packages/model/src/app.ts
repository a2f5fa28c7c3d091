/** How a service's stream of events is versioned: what it writes and what it can read, per event type. */
export interface EventVersions {
  /** Event type → the version this release writes. */
  readonly writes: Readonly<Record<string, number>>;
  /** Event type → the versions this release can read. */
  readonly reads: Readonly<Record<string, readonly number[]>>;
}

/** One service of an application: one image, one container per slot. */
export interface Service {
  readonly name: string;
  /** Port it listens on inside its container; without it the service takes no requests. */
  readonly port?: number;
  /** Path that answers 200 when the service can take requests. Required with `port`. */
  readonly ready?: `/${string}`;
  /** Public paths nginx sends to it, longest prefix first. */
  readonly routes?: readonly `/${string}`[];
  /** Whether it has a data folder, bind-mounted at /data. */
  readonly data?: boolean;
  /** Set when it is the only writer of /data/events.jsonl: two never write at once. */
  readonly events?: EventVersions;
  /** Data folders of other services, read only, at /data/<service>. */
  readonly reads?: readonly string[];
  /** Plain environment. `${service}` addresses of other services come as SLIPWAY_URL_<SERVICE>. */
  readonly env?: Readonly<Record<string, string>>;
  /** Secret name → delivered as the file /run/secrets/<name>. */
  readonly secrets?: readonly string[];
  /** Seconds between SIGTERM and SIGKILL. Default 20. */
  readonly stopSeconds?: number;
}

/** An application's topology: plain data, exported by the application's own repository. */
export interface App {
  readonly name: string;
  /** Server name in nginx; "_" answers to every name. */
  readonly hostname: string;
  readonly services: readonly Service[];
}

/** Image name of a service at a commit. */
export const imageName = (app: string, service: string, commit: string): string => `${app}/${service}:${commit}`;
