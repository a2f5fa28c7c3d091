import { authority, ipv6Of, refOf, type WantedDomain, type WantedRecord } from "../resource.ts";
import type { HostOnMachine } from "../wanted.ts";
import { type Around, told } from "./declared.ts";
import { type DomainRecord, hasIpv6, leadsTo, record } from "./record.ts";

export interface DomainSpec {
  readonly records?: readonly DomainRecord[];
  /** Whether names in this domain that the hosts' properties tell of lead to their machines. Default yes. */
  readonly told?: "lead there" | "ignored";
}
export interface Domain {
  readonly resource: "domain";
  readonly name: string;
  readonly spec: DomainSpec;
}

/** A zone that the provider's name servers answer for, with the names that the platform's hosts tell of and records of your own. */
export const domain = (name: string, spec: DomainSpec = {}): Domain => ({
  resource: "domain",
  name: name.toLowerCase().replace(/\.$/, ""),
  spec,
});

/** Types whose data is the name of a host. */
const naming = new Set(["CNAME", "MX", "NS", "SRV"]);

export function wantedDomain({ name, spec }: Domain, around: Around): readonly (WantedDomain | WantedRecord)[] {
  const own = spec.records ?? [];
  const given = spec.told === "ignored" ? [] : toldRecords(name, around);
  // What is written by hand counts more than what a property tells.
  const free = given.filter(
    (one) => !own.some((other) => other.host === one.host && /^(A|AAAA|CNAME)$/.test(other.type)),
  );
  const all = [...own, ...free];
  const alike = (one: DomainRecord): number =>
    all.filter((other) => other.host === one.host && other.type === one.type).length;
  const records = all.map((one): WantedRecord => {
    const data = typeof one.data === "string" ? spelt(one.type, one.data, name, one.tag) : one.data;
    const text = typeof data === "string" ? data : data.of;
    return {
      ...one,
      kind: "record",
      name: `${name} ${one.host} ${one.type}${alike(one) > 1 ? ` ${text}` : ""}`,
      domain: name,
      data,
    };
  });
  return [{ kind: "domain", name }, ...records];
}

/** Data as plans have it: names of hosts whole. A certificate authority's is a name of its own. */
function spelt(type: string, data: string, domain: string, tag: string | undefined): string {
  if (naming.has(type)) return whole(data, domain);
  if (type === "CAA" && tag !== "iodef") return authority(data);
  return type === "AAAA" ? ipv6Of(data) || data : data;
}

/** A name as a whole, with the dot at its end. */
const whole = (host: string, domain: string): string =>
  host === "@" ? `${domain}.` : host.endsWith(".") ? host.toLowerCase() : `${host.toLowerCase()}.${domain}.`;

/** Records for the names of hosts that are in this domain, and in no smaller one of the platform. */
function toldRecords(domain: string, { hosts, resources }: Around): readonly DomainRecord[] {
  const zones = resources.flatMap((one) => (one.resource === "domain" ? [one.name] : []));
  const inside = (name: string, zone: string): boolean => name === zone || name.endsWith(`.${zone}`);
  const zoneOf = (name: string): string | undefined =>
    zones.filter((zone) => inside(name, zone)).sort((a, b) => b.length - a.length)[0];
  const seen = new Set<string>();
  return hosts.flatMap((host) =>
    told(host, "name").flatMap((info): readonly DomainRecord[] => {
      const name = info.name.toLowerCase().replace(/\.$/, "");
      const to = frontOf(host, resources);
      if (zoneOf(name) !== domain || to === undefined) return [];
      const relative = name === domain ? "@" : name.slice(0, -domain.length - 1);
      const key = `${relative} ${typeof to === "string" ? to : to.of}`;
      if (seen.has(key)) return [];
      seen.add(key);
      if (typeof to === "string" && to.includes(":")) return [record.aaaa(relative, to as `${string}:${string}`)];
      const six = hasIpv6(host) ? [record.aaaa(relative, host)] : [];
      return [{ host: relative, type: "A", data: to, ttl: 1_800 }, ...six];
    }),
  );
}

/** Where names of a host lead: to its reserved address where it has one. */
function frontOf(host: HostOnMachine, resources: Around["resources"]): DomainRecord["data"] | undefined {
  const reserved = resources.find((one) => one.resource === "reserved-ip" && one.on.name === host.name);
  return reserved === undefined ? leadsTo(host) : { of: refOf({ kind: "reserved-ip", name: reserved.name }) };
}
