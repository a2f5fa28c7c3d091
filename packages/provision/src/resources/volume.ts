import { isDroplet, type RegionSlug } from "../digitalocean.ts";
import { fail } from "../errors.ts";
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
  ({ readonly on: HostOnMachine; readonly region?: RegionSlug } | { readonly on?: never; readonly region: RegionSlug });

export interface Volume {
  readonly resource: "volume";
  readonly name: string;
  readonly spec: VolumeSpec;
}

/** Block storage that outlives its machine. Throws `config.bad-argument` for a host that is no droplet. */
export function volume(name: string, spec: VolumeSpec): Volume {
  if (spec.on !== undefined) needsDroplet(`volume ${name}`, spec.on);
  return { resource: "volume", name, spec };
}

export function needsDroplet(what: string, host: HostOnMachine): void {
  if (!isDroplet(host.on))
    throw fail("config.bad-argument", `${what}: the machine of ${host.name} is not one that is made here`);
}

export function wantedVolume({ name, spec }: Volume): WantedVolume {
  const { on, region, gigabytes, filesystem, protect } = spec;
  const machine = on !== undefined && isDroplet(on.on) ? { name: on.name, region: on.on.spec.region } : undefined;
  return {
    kind: "volume",
    name,
    region: region ?? machine?.region ?? "",
    gigabytes,
    protect: protect ?? false,
    ...(filesystem !== undefined && { filesystem }),
    ...(machine !== undefined && { machine: machine.name }),
  };
}
