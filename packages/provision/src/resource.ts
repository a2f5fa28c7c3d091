import { createHash } from "node:crypto";
import { isIPv4, isIPv6 } from "node:net";

/** The operator's key, which is added only when a machine is made. Operators have one each, side by side under this one name. */
export const operatorRef: Ref = "key operator";

/** What a stack is made of. `machine` is a droplet or a server; the operator's and other people's keys are `key`. */
export type Kind = "project" | "key" | "machine" | "volume" | "firewall" | "reserved-ip" | "domain" | "record";

/** A resource's name within its stack: `machine web`, `record example.org www A`. */
export type Ref = `${Kind} ${string}`;

interface Named<K extends Kind> {
  readonly kind: K;
  /** Unique among those of its kind in one stack. */
  readonly name: string;
}

export interface WantedMachine extends Named<"machine"> {
  readonly region: string;
  readonly size: string;
  /** Slug of a distribution's image, or the id of a snapshot. */
  readonly image: string;
  /** Tags of the user's own. */
  readonly tags: readonly string[];
  /** cloud-init's, besides what Slipway puts in for the host key. */
  readonly userData?: string;
  /** Kept from being destroyed or replaced, by a mark in the cloud that stays when this is taken out of the file. */
  readonly protect: boolean;
  /** Backups by the provider. */
  readonly backups: boolean;
  /** An IPv6 address besides; it cannot be taken away again. */
  readonly ipv6?: boolean;
  /** Firewalls of the stack that stand before it, by name: asked for as it is made, in force when the provider has applied them. */
  readonly firewalls: readonly string[];
}

export interface WantedVolume extends Named<"volume"> {
  readonly region: string;
  readonly gigabytes: number;
  /** Formatted so when it is made; later ignored. */
  readonly filesystem?: "ext4" | "xfs";
  /** Machine of the stack that it is attached to. */
  readonly machine?: string;
  readonly protect: boolean;
}

export interface FirewallRule {
  readonly protocol: "tcp" | "udp" | "icmp";
  /** A port, a range `8000-9000`, or all; without meaning for icmp. */
  readonly ports: string;
  /** Networks in CIDR form, and machines of the stack by name; {@link everyMachine} stands for all of them, those to come too. */
  readonly addresses: readonly string[];
  readonly machines: readonly string[];
}

export const everyMachine = "*";

export interface WantedFirewall extends Named<"firewall"> {
  readonly machines: readonly string[];
  readonly inbound: readonly FirewallRule[];
  readonly outbound: readonly FirewallRule[];
}

export interface WantedReservedIp extends Named<"reserved-ip"> {
  readonly machine: string;
}

export type WantedDomain = Named<"domain">;

export type RecordType = "A" | "AAAA" | "CNAME" | "MX" | "TXT" | "NS" | "SRV" | "CAA";

/** `name` of the resource is `DOMAIN NAME TYPE` and, where several of these stand side by side, ` DATA`. */
export interface WantedRecord extends Named<"record"> {
  readonly domain: string;
  /** Relative to the domain; `@` for itself. */
  readonly host: string;
  readonly type: RecordType;
  /** Its data, or the address of a machine or reserved address of the stack, filled in once that is known. */
  readonly data: string | { readonly of: Ref };
  readonly ttl: number;
  readonly priority?: number;
  readonly port?: number;
  readonly weight?: number;
  readonly flags?: number;
  readonly tag?: string;
}

export interface WantedProject extends Named<"project"> {
  readonly purpose: string;
  readonly environment: "Development" | "Staging" | "Production";
  /** What belongs in it: machines, volumes and domains of the stack. Reserved addresses are where their machines are. */
  readonly members: readonly Ref[];
}

export interface WantedKey extends Named<"key"> {
  /** `ssh-ed25519 AAAA… comment`. */
  readonly publicKey: string;
}

/** What is asked of a cloud, as plain data. */
export type Wanted =
  | WantedMachine
  | WantedVolume
  | WantedFirewall
  | WantedReservedIp
  | WantedDomain
  | WantedRecord
  | WantedProject
  | WantedKey;

export type WantedOf<K extends Kind> = Extract<Wanted, { readonly kind: K }>;

/** What the cloud says of a resource besides what can be asked. */
interface Known {
  /** The provider's id, as text. */
  readonly id: string;
  /** Whether the marks on it say that it belongs to the stack. */
  readonly ours: boolean;
  /** The stacks whose marks are on it, when they are not this one alone. Of several none may touch it. */
  readonly owners?: readonly string[];
  readonly dollarsMonthly: number;
}

/** What is known of each kind beyond what is asked. */
interface More {
  readonly machine: object;
  readonly key: object;
  readonly project: object;
  /** Id of the machine that it is attached to, whosever it is; "" while to none. */
  readonly volume: {
    readonly attachedTo: string;
    /** Where that machine has it: `/dev/disk/by-id/…`. */
    readonly device?: string;
  };
  readonly firewall: object;
  /** Its address, and the id of the machine that it leads to; "" while to none. */
  readonly "reserved-ip": { readonly address: string; readonly region: string; readonly assignedTo: string };
  /** Whether nothing is in it but what the provider puts into every zone. */
  readonly domain: { readonly empty: boolean };
  readonly record: { readonly data: string };
}

export type Seen<K extends Kind = Kind> = K extends "machine"
  ? SeenMachine
  : K extends Kind
    ? WantedOf<K> & Known & More[K]
    : never;

/** A machine; `name` is that of its host, lower-case. */
export interface SeenMachine extends Omit<WantedMachine, "userData">, Known {
  /** The name it has in the cloud, which is its host's unless somebody changed it. */
  readonly label: string;
  readonly status: "new" | "active" | "off" | "archive";
  /** Public and private IPv4 addresses, empty while there are none. */
  readonly address: string;
  readonly privateAddress: string;
  /** Public IPv6 address, as {@link ipv6Of} spells it, where it has one. */
  readonly address6?: string;
  /** SHA-256 of the accepted host keys, lower-case hex; two while a key is being renewed. */
  readonly hostKeys: readonly string[];
  /** The same keys as `ssh-ed25519 AAAA…`. */
  readonly hostPublicKeys: readonly string[];
  /** Whether the host key is still the one that its user data holds. */
  readonly fresh: boolean;
  /** ISO time. */
  readonly created: string;
  /** Size of its disk, which never shrinks; 0 when the cloud does not tell. */
  readonly diskGb: number;
  /** {@link specOf} what was last applied to it; tells a change of the file from one in the cloud. */
  readonly spec?: string;
  /** {@link digestOf} the user data that it was made with. */
  readonly userDataDigest?: string;
  /** The id of the intent that it was made with, as far as its marks tell. */
  readonly intent?: string;
  /** Whether its backups are made at other times than those that are asked for, as far as the cloud tells. */
  readonly otherBackups?: boolean;
  /** Marked to go: another machine takes its place. */
  readonly retired: boolean;
}

/** Short digest of text: 16 hex digits of its SHA-256. */
export const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16);

/** An IPv4 address as a cloud told it; what is none counts as none: it is written into files and arguments. */
export const ipv4Of = (told: string | undefined): string => (told !== undefined && isIPv4(told) ? told : "");
/** An IPv6 address in its shortest spelling; what is none counts as none. */
export const ipv6Of = (told: string | undefined): string =>
  told !== undefined && isIPv6(told) && !told.includes("%") ? new URL(`http://[${told}]`).hostname.slice(1, -1) : "";

/** The address that a record of a type has of what it leads to; "" while that has none. */
export const addressFor = (type: RecordType, to: Seen | undefined): string =>
  to?.kind !== "machine" && to?.kind !== "reserved-ip"
    ? ""
    : type !== "AAAA"
      ? to.address
      : ((to.kind === "machine" ? to.address6 : undefined) ?? "");

/** The text of a TXT record that was written as zone files have it; two strings side by side stay as they are. */
export const unquoted = (text: string): string => text.replace(/^"([^"]*)"$/, "$1");

/** What a CAA record allows: an authority's name as a whole, with the dot at its end. Nobody, and what has parameters, stays as it is. */
export const authority = (data: string): string => (/;|\.$/.test(data) ? data : `${data}.`);

/** Digest of what can be seen and changed of a machine. */
export const specOf = (
  machine: Pick<WantedMachine, "region" | "size" | "image" | "tags" | "backups" | "ipv6">,
): string =>
  digestOf(
    JSON.stringify([
      machine.region,
      machine.size,
      machine.image,
      machine.tags.map((tag) => tag.toLowerCase()).sort(),
      machine.backups,
      ...(machine.ipv6 === true ? ["ipv6"] : []),
    ]),
  );

/** The spec mark after a change of these fields. Protecting applies nothing of the file: what differs from it then still does, by whoever made it so. */
export const specAfter = (
  seen: SeenMachine,
  wanted: Parameters<typeof specOf>[0],
  fields: readonly string[],
): string | undefined => (fields.every((field) => field === "protect") ? seen.spec : specOf(wanted));

/** Resources are equal in name regardless of case. */
export const refOf = ({ kind, name }: { readonly kind: Kind; readonly name: string }): Ref =>
  `${kind} ${name.toLowerCase()}`;

/** The file system that a volume was made with, as a cloud told it. */
export const filesystemOf = (told: string | null | undefined): Pick<WantedVolume, "filesystem"> =>
  told === "ext4" || told === "xfs" ? { filesystem: told } : {};
