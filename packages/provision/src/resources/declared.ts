import type { Info } from "@slipway/model";
import type { HostOnMachine } from "../wanted.ts";
import type { Domain } from "./domain.ts";
import type { Firewall } from "./firewall.ts";
import type { Project } from "./project.ts";
import type { ReservedIp } from "./reserved-ip.ts";
import type { SshKey } from "./ssh-key.ts";
import type { Volume } from "./volume.ts";

/** What `ops.config.ts` lists under `resources`. */
export type Resource = Volume | Firewall | Domain | ReservedIp | SshKey | Project;

/** What a resource may look at while it becomes plain data. */
export interface Around {
  /** All of the platform. */
  readonly hosts: readonly HostOnMachine[];
  readonly resources: readonly Resource[];
}

/** What a host's properties tell of one kind. */
export const told = <K extends Info["kind"]>(host: HostOnMachine, kind: K): readonly Extract<Info, { kind: K }>[] =>
  (host.has ?? []).flatMap((property) =>
    property.info.filter((info): info is Extract<Info, { kind: K }> => info.kind === kind),
  );
