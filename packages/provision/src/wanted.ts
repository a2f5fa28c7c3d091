import { type Distro, debian, type Info, type Machine } from "@slipway/model";
import { type DropletMachine, isDroplet } from "./digitalocean.ts";
import { serverHosts, wantedServers } from "./hetzner/wanted.ts";
import { operatorRef, type Wanted } from "./resource.ts";
import type { Around, Resource } from "./resources/declared.ts";
import { wantedDomain } from "./resources/domain.ts";
import { wantedFirewall } from "./resources/firewall.ts";
import { wantedProject } from "./resources/project.ts";
import { wantedReservedIp } from "./resources/reserved-ip.ts";
import { wantedKey } from "./resources/ssh-key.ts";
import { wantedVolume } from "./resources/volume.ts";
import { wantedMachine } from "./wanted-machine.ts";

/** A host with its machine; hosts of the model fit. */
export interface HostOnMachine {
  readonly name: string;
  readonly on: Machine;
  /** Chooses the image of a droplet that names none; without it Debian 12. */
  readonly distro?: Distro;
  /** Its properties, which tell of ports and names. */
  readonly has?: readonly { readonly info: readonly Info[] }[];
}

/** Hosts whose machines are droplets; others are left out, as nobody makes them. */
export const dropletHosts = (hosts: readonly HostOnMachine[]): (HostOnMachine & { readonly on: DropletMachine })[] =>
  hosts.flatMap((host) => (isDroplet(host.on) ? [{ ...host, on: host.on }] : []));

/** Hosts whose machines are made here, whoever the provider is. */
export const madeHosts = (hosts: readonly HostOnMachine[]): readonly HostOnMachine[] => [
  ...dropletHosts(hosts),
  ...serverHosts(hosts),
];

/** DigitalOcean's slug of a distribution's image. */
const imageOf = ({ os, version }: Distro): string => `${os}-${version.replaceAll(".", "-")}-x64`;

/** What hosts and resources ask of a cloud, as plain data. `operatorKey` is the public key line of the operator, who logs in as root. */
export function wantedOf(
  hosts: readonly HostOnMachine[],
  resources: readonly Resource[],
  operatorKey: string,
): readonly Wanted[] {
  const around: Around = { hosts, resources };
  const behind = (host: string): readonly string[] =>
    resources.flatMap((one) =>
      one.resource === "firewall" && one.spec.on.some((other) => other.name === host) ? [one.name] : [],
    );
  const machines = dropletHosts(hosts).map(({ name, distro, on: { spec } }) => {
    const { region, size, image = imageOf(distro ?? debian("12")) } = spec;
    return wantedMachine(name, { region, size, image }, spec, behind(name));
  });
  const operator: Wanted = { kind: "key", name: operatorRef.slice("key ".length), publicKey: operatorKey };
  return [operator, ...machines, ...wantedServers(hosts, behind), ...resources.flatMap((one) => plain(one, around))];
}

function plain(one: Resource, around: Around): readonly Wanted[] {
  switch (one.resource) {
    case "volume":
      return [wantedVolume(one)];
    case "firewall":
      return [wantedFirewall(one, around)];
    case "domain":
      return wantedDomain(one, around);
    case "reserved-ip":
      return [wantedReservedIp(one)];
    case "ssh-key":
      return [wantedKey(one)];
    case "project":
      return [wantedProject(one, around)];
  }
}
