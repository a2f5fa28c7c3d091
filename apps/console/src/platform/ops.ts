import type { FleetOptions } from "@slipway/config";
import type { Host, Os } from "@slipway/model";
import type { Monitor } from "@slipway/monitor";
import type { Resource } from "@slipway/provision";
import { fail } from "../errors.ts";

/** A team's CI: which host runs it and which repositories it serves. */
export interface CiSpec<Repository extends string> {
  /** Its Docker engine runs the steps, its git the repositories. */
  readonly on: Host<Os, "docker" | "git">;
  readonly repositories: readonly Repository[];
  /** Steps that every pipeline must have, whatever a patch says. */
  readonly requires?: readonly string[];
  /** Public SSH keys that may push to review, besides the operator's. */
  readonly developers?: readonly string[];
}

/** Where a repository's application runs. */
export interface DeploymentSpec<Repository extends string> {
  readonly repository: Repository;
  readonly to: Host<Os, "docker" | "nginx">;
}

export interface MonitorStation {
  readonly on: Host<Os, "docker">;
  readonly watches: Monitor;
  /** Runs a receiver of notifications on that host at this port, for trying things out: the demo's stand-in for a chat. */
  readonly receiver?: number;
}

export interface OpsSpec<Repository extends string> {
  /** Names the platform in its cloud: tags and prefixes are made of it. */
  readonly name: string;
  /** Folder of the vault, from ops.config.ts. Default `secrets`. */
  readonly vault?: string;
  /** Whose secrets of the vault it uses, such as `"staging"`: those before the ones for all. Default: only those for all. */
  readonly context?: string;
  readonly hosts: readonly Host[];
  /** What the cloud is asked for besides the hosts' machines: volumes, firewalls, domains, reserved addresses, keys, projects. */
  readonly resources?: readonly Resource[];
  readonly ci?: CiSpec<Repository>;
  readonly deployments?: Readonly<Record<string, DeploymentSpec<NoInfer<Repository>>>>;
  readonly monitor?: MonitorStation;
  /** How `ops config` goes over the hosts unless the command line says otherwise, and when a host is well besides the checks of its properties. */
  readonly rollout?: Pick<FleetOptions, "canary" | "atOnce" | "giveUpAfter" | "healthy" | "wellWithin">;
}

const made = Symbol("platform");

/** What ops.config.ts exports: everything a team runs, in one of its environments. */
export interface Platform extends OpsSpec<string> {
  /** The name that all environments share. */
  readonly family: string;
  /** Which environment this is; undefined for a platform without environments. */
  readonly environment?: string;
  /** All of them, the usual one first. */
  readonly environments: readonly string[];
  /** The same platform in another environment. Throws `ops.unknown-env`. */
  in(environment: string): Platform;
  readonly [made]: true;
}

/** Names are parts of tags and of the vault's contexts. */
const environmentName = /^[a-z][a-z0-9-]{0,19}$/;

/**
 * Declares a platform. Data only: nothing is connected to. With names of environments it says what each is made of; the first is the usual one
 * and has the platform's own name, any other, such as `staging`, is chosen by `ops --env staging`, is named `NAME-staging` and uses the secrets of
 * the context `staging` before those for all. Throws `ops.hosts` for hosts that cannot be told apart, or none, and `ops.environments`.
 */
export function ops<const Repository extends string = never>(spec: OpsSpec<Repository>): Platform;
export function ops<const Environment extends string, const Repository extends string = never>(
  environments: readonly [Environment, ...Environment[]],
  of: (environment: Environment) => OpsSpec<Repository>,
): Platform;
export function ops(
  given: OpsSpec<string> | readonly string[],
  of?: (environment: string) => OpsSpec<string>,
): Platform {
  if (!isList(given)) return platform(given, [], () => given);
  const [usual] = given;
  const wrong = given.find((name, index) => !environmentName.test(name) || given.indexOf(name) !== index);
  if (usual === undefined || of === undefined || wrong !== undefined)
    throw fail(
      "ops.environments",
      wrong === undefined ? "no environment is named" : `"${wrong}" cannot be one more environment`,
    );
  return platform(of(usual), given, of, usual);
}

const isList = (given: OpsSpec<string> | readonly string[]): given is readonly string[] => Array.isArray(given);

function platform(
  spec: OpsSpec<string>,
  environments: readonly string[],
  of: (environment: string) => OpsSpec<string>,
  environment?: string,
): Platform {
  const names = spec.hosts.map((host) => host.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw fail("ops.hosts", `two hosts are named ${twice}`);
  if (names.length === 0) throw fail("ops.hosts", `the platform ${spec.name} has no hosts`);
  const other = environment !== undefined && environment !== environments[0];
  return Object.freeze({
    ...spec,
    ...(other ? { name: `${spec.name}-${environment}`, context: spec.context ?? environment } : {}),
    family: spec.name,
    ...(environment === undefined ? {} : { environment }),
    environments,
    in: (name: string) => {
      if (!environments.includes(name))
        throw fail(
          "ops.unknown-env",
          `${spec.name} has no environment ${name}; known: ${environments.join(", ") || "none"}`,
        );
      return platform(of(name), environments, of, name);
    },
    [made]: true as const,
  });
}

export const isPlatform = (value: unknown): value is Platform =>
  typeof value === "object" && value !== null && made in value;
