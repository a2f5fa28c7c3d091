import { type Distro, debian } from "@slipway/model";
import { isServer, type ServerMachine } from "../hetzner.ts";
import type { WantedMachine } from "../resource.ts";
import type { HostOnMachine } from "../wanted.ts";
import { wantedMachine } from "../wanted-machine.ts";

/** Hosts whose machines are servers of Hetzner Cloud. */
export const serverHosts = (hosts: readonly HostOnMachine[]): (HostOnMachine & { readonly on: ServerMachine })[] =>
  hosts.flatMap((host) => (isServer(host.on) ? [{ ...host, on: host.on }] : []));

/** Hetzner's name of a distribution's image. */
const imageOf = ({ os, version }: Distro): string => `${os}-${version}`;

/** What these hosts ask of Hetzner, as plain data. `behind` gives the firewalls before a host. */
export const wantedServers = (
  hosts: readonly HostOnMachine[],
  behind: (host: string) => readonly string[],
): readonly WantedMachine[] =>
  serverHosts(hosts).map(({ name, distro, on: { spec } }) => {
    const { location: region, type: size, image = imageOf(distro ?? debian("12")) } = spec;
    return wantedMachine(name, { region, size, image }, spec, behind(name));
  });
