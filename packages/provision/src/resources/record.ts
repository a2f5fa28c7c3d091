import { isIP } from "node:net";
import { isDroplet } from "../digitalocean.ts";
import { fail } from "../errors.ts";
import { isServer } from "../hetzner.ts";
import { type RecordType, type Ref, refOf, unquoted, type WantedRecord } from "../resource.ts";
import type { HostOnMachine } from "../wanted.ts";
import type { ReservedIp } from "./reserved-ip.ts";

/** A record of a domain; made by {@link record}. */
export interface DomainRecord extends Omit<WantedRecord, "kind" | "name" | "domain" | "data"> {
  /** Names of other hosts: relative to the domain, or whole with a dot at their end. */
  readonly data: string | { readonly of: Ref };
}

interface Ttl {
  /** Seconds. Default 1800. */
  readonly ttl?: number;
}

const bad = (text: string): Error => fail("config.bad-argument", text);

function make(host: string, type: RecordType, data: DomainRecord["data"], more: Partial<DomainRecord>): DomainRecord {
  if (!/^(@|(\*|[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*)$/i.test(host))
    throw bad(`"${host}" is no name of a record: relative to its domain, @ for the domain itself`);
  if (data === "") throw bad(`the record ${host} ${type} is empty`);
  const { ttl = 1_800 } = more;
  if (!Number.isInteger(ttl) || ttl < 30)
    throw bad(`the record ${host} ${type}: ${ttl} is no ttl: whole seconds, 30 at least`);
  return { ...more, host: host.toLowerCase(), type, data, ttl };
}

const number = (what: string, value: number, most = 65_535): number => {
  if (!Number.isInteger(value) || value < 0 || value > most) throw bad(`${value} is no ${what}: 0 to ${most}`);
  return value;
};

/** An address, or the machine of a host or a reserved address, whose address is filled in once it is known. */
type Leads<Address extends string> = Address | HostOnMachine | ReservedIp;

/** The address that something leads to; undefined for what has none. */
export function leadsTo(to: HostOnMachine | ReservedIp): DomainRecord["data"] | undefined {
  if ("resource" in to) return { of: refOf({ kind: to.resource, name: to.name }) };
  if (isDroplet(to.on) || isServer(to.on)) return { of: refOf({ kind: "machine", name: to.name }) };
  const { address } = to.on.spec;
  return typeof address === "string" && isIP(address) !== 0 ? address : undefined;
}

/** Whether a host's machine is asked for with an IPv6 address. */
export const hasIpv6 = ({ on }: HostOnMachine): boolean => isDroplet(on) && on.spec.ipv6 === true;

function address(host: string, to: Leads<string>, version: 4 | 6): DomainRecord["data"] {
  const data = typeof to === "string" ? to : leadsTo(to);
  const has = version === 4 || typeof to === "string" || ("resource" in to ? false : hasIpv6(to));
  if (typeof data === "object" && !has)
    throw bad(`the record ${host}: that host has no IPv6 address; say ipv6: true where its droplet is asked for`);
  if (data === undefined) throw bad(`the record ${host}: that host has no address`);
  if (typeof data === "string" && isIP(data) !== version)
    throw bad(`the record ${host}: ${data} is no IPv${version} address`);
  return data;
}

/** Records of a domain, by type: `record.a("www", web)`, `record.mx("@", "mail", { priority: 10 })`. Each throws `config.bad-argument`. */
export const record = {
  a: (host: string, to: Leads<`${number}.${number}.${number}.${number}`>, more: Ttl = {}): DomainRecord =>
    make(host, "A", address(host, to, 4), more),
  aaaa: (host: string, to: `${string}:${string}` | HostOnMachine, more: Ttl = {}): DomainRecord =>
    make(host, "AAAA", address(host, to, 6), more),
  cname: (host: string, to: string, more: Ttl = {}): DomainRecord => make(host, "CNAME", to, more),
  mx: (host: string, to: string, more: Ttl & { readonly priority: number }): DomainRecord =>
    make(host, "MX", to, { ...more, priority: number("priority", more.priority) }),
  txt: (host: string, text: string, more: Ttl = {}): DomainRecord => make(host, "TXT", unquoted(text), more),
  ns: (host: string, to: string, more: Ttl = {}): DomainRecord => make(host, "NS", to, more),
  srv: (
    host: `_${string}._${"tcp" | "udp"}${string}`,
    to: string,
    more: Ttl & { readonly port: number; readonly priority: number; readonly weight: number },
  ): DomainRecord =>
    make(host, "SRV", to, {
      ...more,
      port: number("port", more.port),
      priority: number("priority", more.priority),
      weight: number("weight", more.weight),
    }),
  caa: (
    host: string,
    value: string,
    more: Ttl & { readonly tag: "issue" | "issuewild" | "iodef"; readonly flags?: number },
  ): DomainRecord => make(host, "CAA", value, { ...more, flags: number("flags", more.flags ?? 0, 255) }),
} as const;
