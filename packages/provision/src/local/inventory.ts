import { readResources } from "./resources.ts";
import { type Cloud, look } from "./state.ts";

/** A thing of the account that a project holds. */
export interface Holding {
  /** As the API's document has them: `do:droplet:12`, `do:floatingip:ADDRESS`. */
  readonly urn: string;
  readonly path: string;
  readonly createdAt: string;
  /** The thing that it always goes with, by its urn. */
  readonly with?: string;
}

/** Reserved addresses were called floating ones, and their urns still are. */
export const urnOf = (given: string): string => given.replace(/^do:reservedip:/, "do:floatingip:");

/** All that projects hold. */
export async function holdingsOf(cloud: Cloud): Promise<Holding[]> {
  const [{ droplets }, domains, volumes, reserved] = await Promise.all([
    look(cloud),
    readResources(cloud, "domain"),
    readResources(cloud, "volume"),
    reservedIpsOf(cloud),
  ]);
  const plain = (type: string, path: string, id: string | number, createdAt: string): Holding => ({
    urn: `do:${type}:${id}`,
    path: `${path}/${id}`,
    createdAt: createdAt.replace(/\.\d+Z$/, "Z"),
  });
  return [
    ...droplets.map((one) => plain("droplet", "/v2/droplets", one.id, one.createdAt)),
    ...domains.map((one) => plain("domain", "/v2/domains", one.id, one.createdAt)),
    ...volumes.map((one) => plain("volume", "/v2/volumes", one.id, one.createdAt)),
    ...reserved.map(({ address, droplet, createdAt }) => ({
      ...plain("floatingip", "/v2/reserved_ips", address, createdAt),
      ...(droplets.some(({ id }) => id === droplet) && { with: `do:droplet:${droplet}` }),
    })),
  ];
}

export interface ReservedIp {
  readonly address: string;
  /** The droplet that it points at, which may be gone by now. */
  readonly droplet?: number;
  readonly createdAt: string;
}

/** Reserved IPv4 addresses. */
export const reservedIpsOf = async (cloud: Cloud): Promise<ReservedIp[]> =>
  (await readResources<Omit<ReservedIp, "createdAt">>(cloud, "reserved-ip"))
    .map(({ data, createdAt }) => ({ ...data, createdAt }))
    .filter(({ address }) => !address.includes(":"));
