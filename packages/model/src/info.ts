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
