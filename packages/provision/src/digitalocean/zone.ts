import type { DomainRecord, NewRecord } from "../client/domains.ts";
import { CallError } from "../client/request.ts";
import { type Ownership, ownership } from "../owners.ts";
import { authority, digestOf, ipv6Of, type RecordType, type Seen, unquoted, type WantedRecord } from "../resource.ts";
import type { Context } from "./context.ts";

// Records and domains take no tags. A TXT record beside them says whose they are: `_slipway.www` with `slipway:shop:A` for all addresses of www, and
// with the digest of their data for types of which others may have records of the same name.

const types: ReadonlySet<string> = new Set(["A", "AAAA", "CNAME", "MX", "TXT", "NS", "SRV", "CAA"]);
const exclusive: ReadonlySet<string> = new Set(["A", "AAAA", "CNAME"]);
const naming: ReadonlySet<string> = new Set(["CNAME", "MX", "NS", "SRV"]);

const isType = (type: string): type is RecordType => types.has(type);

export const markerHost = (host: string): string =>
  host === "@" ? "_slipway" : `_slipway.${host.replace(/^\*/, "_any")}`;

export const domainMarker = (stack: string): string => `slipway:${stack}:domain`;

/** What the record's marker says. */
export const recordMarker = (stack: string, { type, data }: { readonly type: string; readonly data: string }): string =>
  `slipway:${stack}:${type}${exclusive.has(type) ? "" : `:${digestOf(data)}`}`;

/** The stack that a marker names. */
export const stackOfMarker = (text: string): string => text.split(":")[1] ?? "";

const isMarker = ({ type, name, data }: DomainRecord): boolean =>
  type === "TXT" && /^_slipway(\.|$)/.test(name) && unquoted(data).startsWith("slipway:");

/** The data of a record as plans have it: names whole, with the dot that the API leaves out. */
function dataOf({ type, data, tag }: DomainRecord, domain: string): string {
  if (type === "TXT") return unquoted(data);
  if (type === "CAA" && tag !== "iodef") return authority(data);
  if (!naming.has(type)) return type === "AAAA" ? ipv6Of(data) || data : data;
  const lower = data.toLowerCase();
  return lower === "@" ? `${domain}.` : lower.endsWith(".") ? lower : `${lower}.`;
}

/** All that is in a zone, and whose it is. */
export interface Zone {
  readonly domain: Seen<"domain">;
  readonly records: readonly Seen<"record">[];
  readonly markers: readonly { readonly id: number; readonly host: string; readonly text: string }[];
}

/** Reads a zone in one list; undefined when there is none. */
export async function readZone({ client }: Context, stack: string, domain: string): Promise<Zone | undefined> {
  try {
    return zoneOf(await client.records.list(domain), stack, domain);
  } catch (error) {
    if (error instanceof CallError && error.status === 404) return undefined;
    throw error;
  }
}

export function zoneOf(all: readonly DomainRecord[], stack: string, domain: string): Zone {
  const markers = all
    .filter(isMarker)
    .map(({ id, name, data }) => ({ id, host: name.toLowerCase(), text: unquoted(data) }));
  const marked = new Set(markers.map(({ host, text }) => `${host} ${text}`));
  /** Ours by our marker; without it, that of whose markers are there. */
  const whose = (host: string, says: (stack: string) => string): Ownership => {
    if (marked.has(`${host} ${says(stack)}`)) return { ours: true };
    const there = markers.flatMap((one) => (one.host === host ? [stackOfMarker(one.text)] : []));
    return ownership(
      there.filter((other) => other !== stack && marked.has(`${host} ${says(other)}`)),
      stack,
    );
  };
  const records = all.flatMap((one): readonly Seen<"record">[] => {
    const { type } = one;
    if (!isType(type) || isMarker(one)) return [];
    const host = one.name.toLowerCase();
    const data = dataOf(one, domain);
    return [
      {
        kind: "record",
        name: `${domain} ${host} ${type} ${data}`,
        id: String(one.id),
        ...whose(markerHost(host), (of) => recordMarker(of, { type, data })),
        dollarsMonthly: 0,
        domain,
        host,
        type,
        data,
        ttl: one.ttl ?? 1_800,
        ...(typeof one.priority === "number" && { priority: one.priority }),
        ...(typeof one.port === "number" && { port: one.port }),
        ...(typeof one.weight === "number" && { weight: one.weight }),
        ...(typeof one.flags === "number" && { flags: one.flags }),
        ...(typeof one.tag === "string" && one.tag !== "" && { tag: one.tag }),
      },
    ];
  });
  return {
    domain: {
      kind: "domain",
      name: domain,
      id: domain,
      ...whose(markerHost("@"), domainMarker),
      dollarsMonthly: 0,
      empty: records.every((one) => one.type === "NS" && one.host === "@"),
    },
    records,
    markers,
  };
}

/** The body of a call that makes a record. */
export function bodyOf(record: WantedRecord, data: string): NewRecord {
  const { type, host, ttl, priority, port, weight, flags, tag } = record;
  return {
    type,
    name: host,
    data,
    ttl,
    ...(priority !== undefined && { priority }),
    ...(port !== undefined && { port }),
    ...(weight !== undefined && { weight }),
    ...(flags !== undefined && { flags }),
    ...(tag !== undefined && { tag }),
  };
}
