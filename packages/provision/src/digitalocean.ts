import type { Machine, Secret } from "@slipway/model";
import { refuseOtherUserData } from "./user-data-head.ts";

export type RegionSlug = "nyc1" | "nyc3" | "ams3" | "sfo3" | "sgp1" | "lon1" | "fra1" | "tor1" | "blr1" | "syd1";
export type SizeSlug = `${string}-${number}vcpu-${number}${"gb" | "mb"}${string}`;

/** Where the droplet is made: at DigitalOcean with a token of the vault, or on this machine's embedded local cloud. */
export type DropletAt =
  | { readonly token: Secret; readonly cloud?: never }
  | { readonly cloud: "local"; readonly token?: never };

export interface DropletShape {
  readonly region: RegionSlug;
  readonly size: SizeSlug;
  /** Slug of a distribution's image; default: that of the host's distribution. */
  readonly image?: string;
  /** Tags of your own, besides those by which Slipway finds it. Letters, digits, `_`, `:` and `-`. */
  readonly tags?: readonly string[];
  /** Never destroyed nor replaced, also when this is taken out again, until `unprotect` is asked for. Default false. */
  readonly protect?: boolean;
  /** Weekly backups by DigitalOcean, on Sundays, for a fifth of the price. Default false. */
  readonly backups?: boolean;
  /**
   * An IPv6 address too, to which names of the host lead; it stays when this is taken out again. The system of a droplet that is there already has to be
   * told of it by hand. Default false.
   */
  readonly ipv6?: boolean;
  /** For cloud-init at the first boot: `#cloud-config`, or a script that begins with `#!`. The whole machine can read it: no secrets. */
  readonly userData?: string;
}
export type DropletSpec = DropletShape & DropletAt;

/** A machine that {@link droplet} describes. */
export interface DropletMachine extends Machine {
  readonly provider: "digitalocean";
  readonly spec: Readonly<Record<string, unknown>> &
    DropletShape & { readonly tags: readonly string[] } & { readonly token?: Secret; readonly cloud?: "local" };
}

/** Describes a droplet for a host of `ops.config.ts`; nothing is made before `ops provision`. Throws `config.bad-argument` for user data that cannot be. */
export function droplet(spec: DropletSpec): DropletMachine {
  refuseOtherUserData(spec.userData);
  return { provider: "digitalocean", spec: { ...spec, tags: spec.tags ?? [] } };
}

/** Whether a machine was described by {@link droplet}. */
export const isDroplet = (machine: Machine): machine is DropletMachine => machine.provider === "digitalocean";
