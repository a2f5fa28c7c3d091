import { type Distro, debian, type Machine } from "@slipway/model";
import { type DropletMachine, isDroplet } from "./digitalocean.ts";

/** A host with its machine; hosts of the model fit. */
export interface HostOnMachine {
  readonly name: string;
  readonly on: Machine;
  /** Chooses the image of a droplet that names none; without it Debian 12. */
  readonly distro?: Distro;
}

/** What a host asks of a cloud, as plain data. */
export interface WantedHost {
  readonly host: string;
  readonly region: string;
  readonly size: string;
  readonly image: string;
  readonly tags: readonly string[];
}

/** Hosts whose machines are droplets; others are left out, as nobody makes them. */
export const dropletHosts = (hosts: readonly HostOnMachine[]): (HostOnMachine & { readonly on: DropletMachine })[] =>
  hosts.flatMap((host) => (isDroplet(host.on) ? [{ ...host, on: host.on }] : []));

/** DigitalOcean's slug of a distribution's image. */
const imageOf = ({ os, version }: Distro): string => `${os}-${version.replaceAll(".", "-")}-x64`;

/** The plain data of the hosts whose machines are droplets. */
export const wantedOf = (hosts: readonly HostOnMachine[]): readonly WantedHost[] =>
  dropletHosts(hosts).map(({ name, distro, on: { spec } }) => ({
    host: name,
    region: spec.region,
    size: spec.size,
    image: spec.image ?? imageOf(distro ?? debian("12")),
    tags: spec.tags,
  }));
