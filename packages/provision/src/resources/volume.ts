import { isDroplet, type RegionSlug } from "../digitalocean.ts";
import { fail } from "../errors.ts";
import { type HetznerLocation, isServer } from "../hetzner.ts";
import type { WantedVolume } from "../resource.ts";
import type { HostOnMachine } from "../wanted.ts";

interface VolumeShape {
  /** Only ever grows. */
  readonly gigabytes: number;
  /** Formatted so when it is made. Default: not formatted. */
  readonly filesystem?: "ext4" | "xfs";
  /** Never deleted, also when this is taken out again, until `unprotect` is asked for. Default false. */
  readonly protect?: boolean;
}
/** Attached to a host's machine, in whose region it must be; or to none, in a region. */
export type VolumeSpec = VolumeShape &
  ({ readonly on: HostOnMachine; readonly region?: Place } | { readonly on?: never; readonly region: Place });
type Place = RegionSlug | HetznerLocation;

export interface Volume {
  readonly resource: "volume";
  readonly name: string;
  readonly spec: VolumeSpec;
}

/** Block storage that outlives its machine. Throws `config.bad-argument` for a host whose machine is not made here. */
export function volume(name: string, spec: VolumeSpec): Volume {
  if (spec.on !== undefined) needsMade(`volume ${name}`, spec.on);
  return { resource: "volume", name, spec };
}

export function needsMade(what: string, host: HostOnMachine): void {
  if (regionOf(host) === undefined)
    throw fail("config.bad-argument", `${what}: the machine of ${host.name} is not one that is made here`);
}

/** Where a host's machine is made; undefined when it is not made here. */
const regionOf = ({ on }: HostOnMachine): string | undefined =>
  isDroplet(on) ? on.spec.region : isServer(on) ? on.spec.location : undefined;

export function wantedVolume({ name, spec }: Volume): WantedVolume {
  const { on, region, gigabytes, filesystem, protect } = spec;
  return {
    kind: "volume",
    name,
    region: region ?? (on === undefined ? undefined : regionOf(on)) ?? "",
    gigabytes,
    protect: protect ?? false,
    ...(filesystem !== undefined && { filesystem }),
    ...(on !== undefined && { machine: on.name }),
  };
}
