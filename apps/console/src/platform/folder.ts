import { join } from "node:path";

/** Where things lie in a project's `.slipway` folder. All of it can be made again, except the keys and the vault. */
export interface LocalFolder {
  /** What belongs to one environment: `.slipway` itself for the usual one, `.slipway/env/NAME` for another. */
  readonly root: string;
  readonly keys: string;
  readonly operatorKey: string;
  readonly knownHosts: string;
  readonly sshConfig: string;
  /** The same by full names alone, `NAME.PLATFORM`: for ~/.ssh/config, where the hosts of several platforms meet. */
  readonly sshInclude: string;
  readonly cache: string;
  /** How the last run of `ops config` ended on each host. */
  readonly configRuns: string;
  /** What this machine saw last of the vault. */
  readonly vaultSeen: string;
  /** Held while keys and secrets are made. */
  readonly lock: string;
}

/** The folder of a platform's environment in `shared`; keys, caches and what was seen of the vault are the same for all. */
export function localFolder(
  shared: string,
  { environment, environments }: { readonly environment?: string; readonly environments: readonly string[] },
): LocalFolder {
  const own = environment !== undefined && environment !== environments[0];
  const root = own ? join(shared, "env", environment) : shared;
  return {
    root,
    keys: join(shared, "keys"),
    operatorKey: join(shared, "keys", "operator"),
    knownHosts: join(root, "known_hosts"),
    sshConfig: join(root, "ssh_config"),
    sshInclude: join(root, "ssh_include"),
    cache: join(shared, "cache"),
    configRuns: join(root, "config-runs.json"),
    vaultSeen: join(shared, "vault-seen.json"),
    lock: join(shared, "keys.lock"),
  };
}
