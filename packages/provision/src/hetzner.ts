import type { Machine, Secret } from "@slipway/model";
import { fail } from "./errors.ts";
import { isLabel } from "./hetzner/marks.ts";
import { refuseOtherUserData } from "./user-data-head.ts";

export type HetznerLocation = "fsn1" | "nbg1" | "hel1" | "ash" | "hil" | "sin";
export type ServerTypeName = `c${"x" | "px" | "cx"}${number}`;

/** Where the server is made: at Hetzner with a token of the vault, or on this machine's embedded local cloud by Hetzner's API. */
export type ServerAt =
  | { readonly token: Secret; readonly cloud?: never }
  | { readonly cloud: "local"; readonly token?: never };

export interface ServerShape {
  readonly location: HetznerLocation;
  /** Type by its name, such as `cx23`. */
  readonly type: ServerTypeName;
  /** Name of an image of Hetzner's, or id of a snapshot; default: that of the host's distribution. */
  readonly image?: string;
  /** Labels of your own, besides those by which Slipway finds it: `web`, or `role:web` for one with a value. */
  readonly tags?: readonly string[];
  /** Never destroyed nor replaced, also when this is taken out again, until `unprotect` is asked for. Default false. */
  readonly protect?: boolean;
  /** Daily backups by Hetzner, for a fifth of the price. Default false. */
  readonly backups?: boolean;
  /** For cloud-init at the first boot: `#cloud-config`, or a script that begins with `#!`. The whole machine can read it: no secrets. */
  readonly userData?: string;
}
export type ServerSpec = ServerShape & ServerAt;

/** A machine that {@link server} describes. */
export interface ServerMachine extends Machine {
  readonly provider: "hetzner";
  readonly spec: Readonly<Record<string, unknown>> &
    ServerShape & { readonly tags: readonly string[] } & { readonly token?: Secret; readonly cloud?: "local" };
}

/** Hetzner takes 32 KiB, of which the host key has some. */
const userDataBytes = 30 * 1024;

/**
 * Describes a server of Hetzner Cloud for a host of `ops.config.ts`; nothing is made before `ops provision`. Throws `config.bad-argument` for user data
 * and tags that cannot be.
 */
export function server(spec: ServerSpec): ServerMachine {
  const { userData, tags = [] } = spec;
  refuseOtherUserData(userData);
  if (userData !== undefined && Buffer.byteLength(userData) > userDataBytes)
    throw fail("config.bad-argument", "user data for Hetzner has at most 30 KiB");
  for (const tag of tags)
    if (!isLabel(tag)) throw fail("config.bad-argument", `"${tag}" can be no label of Hetzner's: web, or role:web`);
  const names = tags.map((tag) => tag.split(":")[0]);
  if (new Set(names).size < names.length)
    throw fail("config.bad-argument", "a server has each label once: two of its tags begin with the same name");
  return { provider: "hetzner", spec: { ...spec, tags } };
}

/** Whether a machine was described by {@link server}. */
export const isServer = (machine: Machine): machine is ServerMachine => machine.provider === "hetzner";
