import type { SshAddress } from "@slipway/model";
import type { MonitorConfig } from "@slipway/monitor";

/** Where a station finds things, inside its container as on its host. */
export const stationPaths = {
  settings: (role: string): string => `/etc/slipway/${role}.json`,
  secret: (name: string): string => `/etc/slipway/secrets/${name}`,
  secrets: "/etc/slipway/secrets",
  state: (role: string): string => `/var/lib/slipway/${role}`,
  run: "/run/slipway",
  monitorSocket: "/run/slipway/monitor.sock",
} as const;

/** Names of the secrets that stations need; `ops init` makes their values. */
export const stationSecrets = {
  ciKey: "ci.ssh-key",
  signingKey: "ci.signing-key",
  monitorKey: "monitor.ssh-key",
} as const;

export interface CiSettings {
  /** Its own host, over the loopback address. */
  readonly host: SshAddress;
  readonly repositories: readonly string[];
  readonly requiredSteps: readonly string[];
  /** Image names on the host's engine. */
  readonly toolchain: string;
  readonly node: string;
}

export type MonitorSettings = MonitorConfig;

/** The demo's receiver of notifications. */
export interface ReceiverSettings {
  readonly port: number;
}
