import type { Machine, SshAddress } from "@slipway/model";
import { sha256OfKey } from "@slipway/provision";
import { isDroplet } from "@slipway/provision/digitalocean";
import { isServer } from "@slipway/provision/hetzner";

/** A machine that is there already and is reached by SSH with the operator's key. */
export interface ExistingMachine {
  readonly address: string;
  /** Its host key as `ssh-ed25519 AAAA…`, from /etc/ssh/ssh_host_ed25519_key.pub there: another one is refused. */
  readonly hostKey: string;
  /** Default 22. */
  readonly port?: number;
  /** Who logs in. Default root; anybody else becomes root by `sudo`, which must ask for no password. */
  readonly user?: string;
}

/** A machine that nobody provisions: `on: existing({ address: "192.0.2.7", hostKey: "ssh-ed25519 AAAA…" })`. */
export const existing = (spec: ExistingMachine): Machine => ({ provider: "existing", spec: { ...spec } });

/** A running container of this machine's Docker engine, by name or id. */
export const inContainer = (container: string): Machine => ({ provider: "container", spec: { container } });

/** The machine that `ops` runs on, as the user that runs it. */
export const thisMachine: Machine = { provider: "local", spec: {} };

/** Whether a machine is made by `ops provision`: a droplet or a server. */
export const isMade = (machine: Machine): boolean => isDroplet(machine) || isServer(machine);

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** What an existing machine's specification says; undefined for other machines, and for one that was written by hand without these. */
export function existingSpec({ provider, spec }: Machine): ExistingMachine | undefined {
  const [address, hostKey] = [text(spec.address), text(spec.hostKey)];
  if (provider !== "existing" || address === "" || hostKey === "") return undefined;
  return {
    address,
    hostKey,
    ...(typeof spec.port === "number" ? { port: spec.port } : {}),
    ...(typeof spec.user === "string" ? { user: spec.user } : {}),
  };
}

/** How an existing machine is reached. */
export const existingAddress = (host: string, { address, hostKey, port, user }: ExistingMachine): SshAddress => ({
  host,
  address,
  port: port ?? 22,
  user: user ?? "root",
  hostKeys: [sha256OfKey(hostKey)],
});

/** Name or id of the container that a host is in. */
export const containerOf = ({ provider, spec }: Machine): string | undefined =>
  provider === "container" ? text(spec.container) : undefined;
