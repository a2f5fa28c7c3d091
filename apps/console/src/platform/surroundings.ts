import { type Host, type HostInfo, hostInfo, type SshAddress, type Surroundings } from "@slipway/model";
import { type MachineInfo, sshAddress } from "@slipway/provision";
import { existingAddress, existingSpec } from "./targets.ts";

/** How a host is reached by SSH; undefined for one without an address. */
export function addressOf(host: Host, machines: readonly MachineInfo[]): SshAddress | undefined {
  const existing = existingSpec(host.on);
  if (existing !== undefined) return existingAddress(host.name, existing);
  const machine = machines.find((one) => one.name === host.name);
  return machine === undefined || machine.address === "" ? undefined : sshAddress(machine);
}

/** Public host keys as in known_hosts. */
function hostKeysOf(host: Host, machines: readonly MachineInfo[]): readonly string[] {
  const existing = existingSpec(host.on);
  if (existing !== undefined) return [existing.hostKey];
  return machines.find((one) => one.name === host.name)?.hostPublicKeys ?? [];
}

/**
 * What each host knows of itself and of the others: what their properties tell, and the addresses and pinned keys of those whose machines
 * exist. `hosts` are all of the platform, with what the platform adds to them. Pure.
 */
export function surroundingsOf(
  hosts: readonly Host[],
  machines: readonly MachineInfo[],
): ReadonlyMap<string, Surroundings> {
  const all = hosts.map((host): HostInfo => {
    const address = addressOf(host, machines)?.address;
    const hostKeys = hostKeysOf(host, machines);
    return {
      ...hostInfo(host),
      ...(address === undefined ? {} : { address }),
      ...(hostKeys.length === 0 ? {} : { hostKeys }),
    };
  });
  return new Map(all.map((self) => [self.name, { self, hosts: all }]));
}
