import type { SshAddress } from "@slipway/model";
import type { Provider } from "./provider.ts";
import type { SeenMachine } from "./resource.ts";

/** A machine of a stack, as the cloud and its marks tell of it: what is needed to reach it and to show it. */
export type MachineInfo = Pick<
  SeenMachine,
  | "name"
  | "id"
  | "address"
  | "privateAddress"
  | "status"
  | "hostKeys"
  | "hostPublicKeys"
  | "created"
  | "region"
  | "size"
  | "image"
>;

export const machineInfo = (machine: SeenMachine): MachineInfo => ({
  name: machine.name,
  id: machine.id,
  address: machine.address,
  privateAddress: machine.privateAddress,
  status: machine.status,
  hostKeys: machine.hostKeys,
  hostPublicKeys: machine.hostPublicKeys,
  created: machine.created,
  region: machine.region,
  size: machine.size,
  image: machine.image,
});

/** The machines of a stack, by name, without those that others replace. Needs nothing but the cloud: the marks tell all. */
export async function listMachines(provider: Provider): Promise<readonly MachineInfo[]> {
  const all = await provider.machines();
  // Until the one that takes its place is there, a machine that goes still serves.
  const serves = all.filter((one) => !one.retired || !all.some((other) => other.name === one.name && !other.retired));
  return serves.map(machineInfo).sort((a, b) => a.name.localeCompare(b.name));
}

/** How to reach a machine, its host key pinned. */
export const sshAddress = (machine: Pick<MachineInfo, "name" | "address" | "hostKeys">, user = "root"): SshAddress => ({
  host: machine.name,
  address: machine.address,
  port: 22,
  user,
  hostKeys: machine.hostKeys,
});
