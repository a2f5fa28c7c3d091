import { createHash, randomBytes } from "node:crypto";
import { dropletBody } from "./bodies.ts";
import { exclusively } from "./lock.ts";
import { networkName } from "./names.ts";
import { ensureNetwork, removeNetwork } from "./network.ts";
import { addressOf, rangeOf } from "./private-network.ts";
import { dropResource, putResource, type Resource, readResources } from "./resources.ts";
import type { Cloud, View } from "./state.ts";
import { cloudLabel } from "./store.ts";

export interface ReservedData {
  readonly address: string;
  readonly region: string;
  /** Id of the droplet that answers on it, which may be gone by now. */
  readonly droplet?: number;
}
export type Reserved = Resource<ReservedData>;
export type Family = 4 | 6;
export const familyOf = (address: string): Family => (address.includes(":") ? 6 : 4);

export const readReserved = (cloud: Cloud): Promise<Reserved[]> => readResources<ReservedData>(cloud, "reserved-ip");
export const putReserved = (cloud: Cloud, id: string, data: ReservedData): Promise<Reserved> =>
  putResource(cloud, "reserved-ip", id, data);

/** The addresses that droplets have besides their own. */
export function reservedOf(reserved: readonly Reserved[]): ReadonlyMap<number, readonly string[]> {
  const all = new Map<number, readonly string[]>();
  for (const { data } of reserved)
    if (data.droplet !== undefined) all.set(data.droplet, [...(all.get(data.droplet) ?? []), data.address]);
  return all;
}

/** The cloud's own network of IPv6 addresses, `fd…::/64`. */
export const sixPrefix = (cloud: string): string => {
  const hex = createHash("sha256").update(`${cloud} ipv6`).digest("hex");
  return `fd${hex.slice(0, 2)}:${hex.slice(2, 6)}:${hex.slice(6, 10)}:1`;
};

/**
 * Takes an address of the cloud's network: a real one, of its upper end, below the cloud's own machine, while droplets are given the lowest that is free. The network stays as
 * long as an address of it is reserved.
 */
export function reserve(cloud: Cloud, family: Family, region: string): Promise<Reserved> {
  const network = networkName(cloud.name);
  return exclusively(`network ${network}`, async () => {
    if (family === 6) {
      const groups = randomBytes(8).toString("hex").match(/.{4}/g) ?? [];
      // In the form that programs print: no zeros in front.
      const short = groups.map((group) => group.replace(/^0+(?=.)/, ""));
      // Never one that would be printed with "::".
      const address = `${sixPrefix(cloud.name)}:${short.map((group) => (group === "0" ? "1" : group)).join(":")}`;
      return putReserved(cloud, address.replaceAll(":", "-"), { address, region });
    }
    const { end } = rangeOf(await ensureNetwork(cloud.engine, network, { [cloudLabel]: cloud.name }));
    const taken = new Set((await readReserved(cloud)).map(({ data }) => data.address));
    let number = end - 3;
    while (taken.has(addressOf(number))) number -= 1;
    const address = addressOf(number);
    return putReserved(cloud, address, { address, region });
  });
}

/** Gives the address back. */
export async function release(cloud: Cloud, reserved: Reserved): Promise<void> {
  await dropResource(cloud, "reserved-ip", reserved.id);
  await removeNetworkOf(cloud);
}

/** Gives an address back. Gone already is as good. */
export async function releaseAddress(cloud: Cloud, address: string): Promise<void> {
  const reserved = (await readReserved(cloud)).find(({ data }) => data.address === address);
  if (reserved !== undefined) await release(cloud, reserved);
}

/** Removes the cloud's network unless a droplet or a reserved address is left. */
export async function removeNetworkOf(cloud: Cloud): Promise<void> {
  if ((await readReserved(cloud)).every(({ data }) => familyOf(data.address) === 6))
    await removeNetwork(cloud.engine, networkName(cloud.name));
}

/** The droplet that an address is assigned to, as the API shows it: until an action that changes that has ended, what was before it. */
export function holderBody({ data }: Reserved, view: View): object | null {
  const action = view.actions.find((one) => one.data["ip"] === data.address && one.status === "in-progress");
  const id = action === undefined ? data.droplet : action.type === "assign_ip" ? undefined : action.droplet;
  const droplet = view.droplets.find((one) => one.id === id);
  if (droplet === undefined) return null;
  const busy = view.actions.some((one) => one.droplet === droplet.id && one.status === "in-progress");
  return dropletBody(droplet, busy, view.images);
}
