import type { SshAddress } from "@slipway/model";
import type { DigitalOcean } from "./client/client.ts";
import type { Droplet } from "./client/droplets.ts";
import { readTags, stackTag } from "./tags.ts";

/** A machine of a stack, as the cloud and its tags tell of it. */
export interface MachineInfo {
  readonly name: string;
  readonly id: number;
  /** Public IPv4 address; empty while the cloud has not given one. */
  readonly address: string;
  readonly status: string;
  /** SHA-256 of the raw host key, lower-case hex; empty when no tag tells it. */
  readonly hostKeySha256: string;
  /** All accepted host keys, in the same form: two while a key is being renewed. */
  readonly hostKeys: readonly string[];
  /** The same keys as `ssh-ed25519 AAAA…`, for known_hosts. */
  readonly hostPublicKeys: readonly string[];
  /** ISO time. */
  readonly created: string;
  readonly region: string;
  readonly size: string;
  readonly image: string;
}

export function machineInfo(droplet: Droplet): MachineInfo {
  const marks = readTags(droplet.tags);
  return {
    name: marks.host ?? droplet.name,
    id: droplet.id,
    address: droplet.networks.v4.find((network) => network.type === "public")?.ip_address ?? "",
    status: droplet.status,
    hostKeySha256: marks.hostKeys.at(-1) ?? "",
    hostKeys: marks.hostKeys,
    hostPublicKeys: marks.publicKeys,
    created: droplet.created_at,
    region: droplet.region.slug ?? "",
    size: droplet.size_slug,
    image: droplet.image.slug ?? String(droplet.image.id ?? ""),
  };
}

/** The machines of a stack, by name. Needs nothing but the cloud: the tags tell all. */
export const listMachines = async (client: DigitalOcean, stack: string): Promise<readonly MachineInfo[]> =>
  (await client.droplets.list({ tag: stackTag(stack) })).map(machineInfo).sort((a, b) => a.name.localeCompare(b.name));

/** How to reach a machine, its host key pinned. */
export const sshAddress = (machine: MachineInfo, user = "root"): SshAddress => ({
  host: machine.name,
  address: machine.address,
  port: 22,
  user,
  hostKeys: machine.hostKeys,
});
