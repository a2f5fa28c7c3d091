import { type Distro, debian, type Info, type Machine } from "@slipway/model";
import { type DropletMachine, isDroplet } from "./digitalocean.ts";
import { operatorRef } from "./plan.ts";
import type { Wanted } from "./resource.ts";

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

/** DigitalOcean's slug of a distribution's image. */
const imageOf = ({ os, version }: Distro): string => `${os}-${version.replaceAll(".", "-")}-x64`;

/** What the hosts ask of a cloud, as plain data. `operatorKey` is the public key line of the operator, who logs in as root. */
export function wantedOf(hosts: readonly HostOnMachine[], operatorKey: string): readonly Wanted[] {
  const machines = dropletHosts(hosts).map(
    ({ name, distro, on: { spec } }): Wanted => ({
      kind: "machine",
      name,
      region: spec.region,
      size: spec.size,
      image: spec.image ?? imageOf(distro ?? debian("12")),
      tags: spec.tags,
      protect: spec.protect ?? false,
      backups: spec.backups ?? false,
      firewalls: [],
      ...(spec.userData !== undefined && { userData: spec.userData }),
    }),
  );
  return [{ kind: "key", name: operatorRef.slice("key ".length), publicKey: operatorKey }, ...machines];
}
