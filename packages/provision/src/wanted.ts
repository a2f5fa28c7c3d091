import type { Machine } from "@slipway/model";
import { type DropletMachine, isDroplet } from "./digitalocean.ts";

/** A host with its machine; hosts of the model fit. */
export interface HostOnMachine {
  readonly name: string;
  readonly on: Machine;
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
export const dropletHosts = (
  hosts: readonly HostOnMachine[],
): { readonly name: string; readonly on: DropletMachine }[] =>
  hosts.flatMap((host) => (isDroplet(host.on) ? [{ name: host.name, on: host.on }] : []));

/** The plain data of the hosts whose machines are droplets. */
export const wantedOf = (hosts: readonly HostOnMachine[]): readonly WantedHost[] =>
  dropletHosts(hosts).map(({ name, on: { spec } }) => ({
    host: name,
    region: spec.region,
    size: spec.size,
    image: spec.image,
    tags: spec.tags,
  }));
