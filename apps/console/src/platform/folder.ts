import { join } from "node:path";

/** Where things lie in a project's `.slipway` folder. All of it can be made again, except the keys and the vault. */
export interface LocalFolder {
  readonly root: string;
  readonly keys: string;
  readonly operatorKey: string;
  readonly knownHosts: string;
  readonly sshConfig: string;
  readonly cache: string;
  /** How the last run of `ops config` ended on each host. */
  readonly configRuns: string;
  /** What this machine saw last of the vault. */
  readonly vaultSeen: string;
  /** Held while keys and secrets are made. */
  readonly lock: string;
}

export const localFolder = (root: string): LocalFolder => ({
  root,
  keys: join(root, "keys"),
  operatorKey: join(root, "keys", "operator"),
  knownHosts: join(root, "known_hosts"),
  sshConfig: join(root, "ssh_config"),
  cache: join(root, "cache"),
  configRuns: join(root, "config-runs.json"),
  vaultSeen: join(root, "vault-seen.json"),
  lock: join(root, "keys.lock"),
});
