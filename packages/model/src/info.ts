import type { Os } from "./os.ts";

/** A port that something on the host listens on. Two properties of one host that claim the same one are refused. */
export interface PortInfo {
  readonly kind: "port";
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  /** What listens, for messages: two claims of a port by the same owner are one. */
  readonly owner: string;
  /** Who may connect: everybody, other hosts of the platform, or this host alone. */
  readonly from: "anywhere" | "platform" | "host";
}

/** A name that should lead to the host. */
export interface NameInfo {
  readonly kind: "name";
  readonly name: string;
}

/** A person or a service that logs in elsewhere with this public SSH key. */
export interface UserInfo {
  readonly kind: "user";
  readonly user: string;
  readonly keys: readonly string[];
}

/** Something that the monitor should look at. */
export interface CheckInfo {
  readonly kind: "check";
  readonly title: string;
  readonly check:
    | { readonly type: "url"; readonly url: `http${"s" | ""}://${string}`; readonly status: number }
    | { readonly type: "tcp"; readonly port: number }
    | { readonly type: "unit"; readonly unit: string };
}

/** What a property tells others about its host. Data only; it flows to other properties by {@link derived}, and to the monitor. */
export type Info = PortInfo | NameInfo | UserInfo | CheckInfo;

/** A port that a property is known to take, as what it gives: `"port 80/tcp of nginx"`. */
export type TakenPort<N extends number, P extends PortInfo["protocol"], W extends string> = `port ${N}/${P} of ${W}`;

/** Of infos, the ports whose number and owner the compiler knows. */
export type PortsOf<I> = I extends {
  readonly kind: "port";
  readonly port: infer N extends number;
  readonly protocol: infer P extends PortInfo["protocol"];
  readonly owner: infer W extends string;
}
  ? number extends N
    ? never
    : string extends W
      ? never
      : TakenPort<N, P, W>
  : never;

/** The ports among what is given that two owners take. */
export type PortTwice<G, All = G> = G extends `port ${infer P} of ${string}`
  ? [Exclude<Extract<All, `port ${P} of ${string}`>, G>] extends [never]
    ? never
    : P
  : never;

export const takenPort = ({ port, protocol, owner }: PortInfo): string => `port ${port}/${protocol} of ${owner}`;

/** What is known of a host before it is connected to. */
export interface HostInfo {
  readonly name: string;
  readonly os: Os;
  readonly version: string;
  readonly info: readonly Info[];
  /** IPv4 or IPv6 address, once its machine exists. */
  readonly address?: string;
  /** Public host keys as in known_hosts: `ssh-ed25519 AAAA…`. */
  readonly hostKeys?: readonly string[];
}

/** A host among all hosts of its platform. */
export interface Surroundings {
  readonly self: HostInfo;
  /** All of them, `self` too. */
  readonly hosts: readonly HostInfo[];
}
