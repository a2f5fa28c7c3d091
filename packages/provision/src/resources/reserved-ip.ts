import type { WantedReservedIp } from "../resource.ts";
import type { HostOnMachine } from "../wanted.ts";
import { needsMade } from "./volume.ts";

export interface ReservedIp {
  readonly resource: "reserved-ip";
  readonly name: string;
  readonly on: HostOnMachine;
}

/** An address that leads to a host's machine and stays when another machine takes its place; names of the host lead to it. */
export function reservedIp(name: string, { on }: { readonly on: HostOnMachine }): ReservedIp {
  needsMade(`reserved address ${name}`, on);
  return { resource: "reserved-ip", name, on };
}

export const wantedReservedIp = ({ name, on }: ReservedIp): WantedReservedIp => ({
  kind: "reserved-ip",
  name,
  machine: on.name,
});
