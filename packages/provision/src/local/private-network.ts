import { createHash } from "node:crypto";
import { fail } from "../errors.ts";
import { hasStatus } from "./engine.ts";
import { exclusively } from "./lock.ts";
import { outerMtu } from "./network.ts";
import { runLabel } from "./run-label.ts";
import type { Cloud } from "./state.ts";
import { cloudLabel, type DropletRecord } from "./store.ts";

/** Labels of a droplet's container: the VPC that it is in, and its address there. On a network: the VPC that it is. */
export const vpcLabel = "slipway.vpc";
export const privateLabel = "slipway.private";

export const vpcNetwork = (cloud: string, vpc: string): string => `slipway-${cloud}.vpc.${vpc}`;

/** The range of addresses of `a.b.c.d/n` as numbers, its first and the one behind its last. */
export function rangeOf(cidr: string): { readonly first: number; readonly end: number; readonly bits: number } {
  const [address = "", prefix = "32"] = cidr.split("/");
  const bits = Number(prefix);
  const size = 2 ** (32 - bits);
  const first = Math.floor(numberOf(address) / size) * size;
  return { first, end: first + size, bits };
}
export const numberOf = (address: string): number =>
  address.split(".").reduce((number, part) => number * 256 + Number(part), 0);
export const addressOf = (number: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
export const netmaskOf = (cidr: string): string => addressOf(2 ** 32 - 2 ** (32 - rangeOf(cidr).bits));
export const overlap = (one: string, other: string): boolean => {
  const [a, b] = [rangeOf(one), rangeOf(other)];
  return a.first < b.end && b.first < a.end;
};

/** The range to try at this attempt: a /20 of 10.16.0.0–10.127.0.0. */
export function privateRange(name: string, attempt: number): string {
  const hash = createHash("sha256").update(`${name} ${attempt}`).digest();
  return `10.${16 + ((hash[0] ?? 0) % 112)}.${(hash[1] ?? 0) & 240}.0/20`;
}

/** The lowest free address of a range; the first is the gateway's. */
export function freeIn(range: string, taken: ReadonlySet<string>): string {
  const { first, end } = rangeOf(range);
  for (let number = first + 2; number < end - 1; number += 1)
    if (!taken.has(addressOf(number))) return addressOf(number);
  throw fail("quota.exceeded", `the private network ${range} has no free address`);
}

interface SeenNetwork {
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly IPAM: { readonly Config: readonly { readonly Subnet: string }[] | null };
}

/** The private networks that the engine has for a cloud: VPC and range of each. */
export async function privateNetworks(cloud: Cloud): Promise<{ vpc: string; range: string }[]> {
  const filters = { label: [`${cloudLabel}=${cloud.name}`, vpcLabel] };
  const seen = (await cloud.engine.call("GET", "/networks", { query: { filters } })).json() as SeenNetwork[];
  return seen.map(({ Labels, IPAM }) => ({ vpc: Labels?.[vpcLabel] ?? "", range: IPAM.Config?.[0]?.Subnet ?? "" }));
}

/** Makes sure that a VPC's network is there and gives its range: `asked`, else one that is free. Undefined when the asked one is not free. */
export async function ensurePrivateNetwork(cloud: Cloud, vpc: string, asked?: string): Promise<string | undefined> {
  const there = (await privateNetworks(cloud)).find((one) => one.vpc === vpc);
  if (there !== undefined) return there.range;
  const Name = vpcNetwork(cloud.name, vpc);
  for (let attempt = 0; attempt < (asked === undefined ? 40 : 1); attempt += 1) {
    const range = asked ?? privateRange(Name, attempt);
    try {
      await cloud.engine.call("POST", "/networks/create", {
        body: {
          Name,
          CheckDuplicate: true,
          Driver: "bridge",
          // No way out of it, and none to the engine's other networks.
          Internal: true,
          Labels: { [cloudLabel]: cloud.name, [vpcLabel]: vpc, ...runLabel() },
          IPAM: { Config: [{ Subnet: range }] },
          Options: { "com.docker.network.driver.mtu": String(await outerMtu()) },
        },
      });
      return range;
    } catch (error) {
      if (hasStatus(error, 409)) return ensurePrivateNetwork(cloud, vpc, asked);
      if (!/overlaps/.test(error instanceof Error ? error.message : "")) throw error;
    }
  }
  return undefined;
}

const alone = <T>(cloud: Cloud, vpc: string, work: () => Promise<T>): Promise<T> =>
  exclusively(`network ${vpcNetwork(cloud.name, vpc)}`, work);

interface SeenHolder {
  readonly Labels: Readonly<Record<string, string>>;
}
const holders = async (cloud: Cloud, vpc: string): Promise<readonly SeenHolder[]> => {
  const filters = { label: [`${cloudLabel}=${cloud.name}`, `${vpcLabel}=${vpc}`] };
  return (await cloud.engine.call("GET", "/containers/json", { query: { all: true, filters } })).json() as SeenHolder[];
};

/** Runs `create` with an address of the VPC, held until the container with the labels that it is given goes. */
export function withPrivateAddress<T>(
  cloud: Cloud,
  vpc: { readonly id: string; readonly range?: string },
  create: (holding: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  return alone(cloud, vpc.id, async () => {
    const range = await ensurePrivateNetwork(cloud, vpc.id, vpc.range);
    if (range === undefined) throw fail("engine.failed", "no free range of addresses for a private network");
    const taken = new Set((await holders(cloud, vpc.id)).map((one) => one.Labels[privateLabel]?.split("/")[0] ?? ""));
    return create({ [vpcLabel]: vpc.id, [privateLabel]: `${freeIn(range, taken)}/${rangeOf(range).bits}` });
  });
}

/** Gives a droplet that does not run yet its second interface. May be repeated. */
export async function connectPrivate(cloud: Cloud, droplet: DropletRecord): Promise<void> {
  const [address] = droplet.privateAddress.split("/");
  if (address === undefined || address === "") return;
  await alone(cloud, droplet.vpc, async () => {
    await ensurePrivateNetwork(cloud, droplet.vpc, rangeText(droplet.privateAddress));
    const body = { Container: droplet.container, EndpointConfig: { IPAMConfig: { IPv4Address: address } } };
    // 403: it has it.
    const path = `/networks/${vpcNetwork(cloud.name, droplet.vpc)}/connect`;
    await cloud.engine.call("POST", path, { body, accept: [403] });
  });
}

/** `10.1.2.3/20` is an address of `10.1.0.0/20`. */
const rangeText = (address: string): string => `${addressOf(rangeOf(address).first)}/${rangeOf(address).bits}`;

/** Removes a VPC's network unless a droplet holds an address of it. */
export const removePrivateNetwork = (cloud: Cloud, vpc: string): Promise<void> =>
  alone(cloud, vpc, async () => {
    if ((await holders(cloud, vpc)).length > 0) return;
    await cloud.engine.call("DELETE", `/networks/${vpcNetwork(cloud.name, vpc)}`, { accept: [403, 404] });
  });
