import { createHash } from "node:crypto";

/** A record of a zone, as the API shows it. Names of others are without the dot at their end. */
export interface DomainRecord {
  readonly id: number;
  readonly type: string;
  /** Relative to the domain; `@` for itself. */
  readonly name: string;
  readonly data: string;
  readonly priority: number | null;
  readonly port: number | null;
  readonly ttl: number;
  readonly weight: number | null;
  readonly flags: number | null;
  readonly tag: string | null;
}

/** A domain with all its records: one resource, so that each change of it is whole. */
export interface Domain {
  readonly name: string;
  /** Grows with each change. */
  readonly serial: number;
  readonly records: readonly DomainRecord[];
  /** The greatest id that a record of it had before its last change. */
  readonly lastId?: number;
}

export const nameServers = ["ns1.digitalocean.com", "ns2.digitalocean.com", "ns3.digitalocean.com"] as const;

/** The name of a record in full, with the dot at the end. */
export const fullName = (domain: string, name: string): string => (name === "@" ? `${domain}.` : `${name}.${domain}.`);

/** Characters that end a string of a zone file, or begin something else in it. */
const quoted = (text: string): string => {
  const bytes = [...Buffer.from(text)];
  const shown = (byte: number): string =>
    byte === 0x22 || byte === 0x5c
      ? `\\${String.fromCharCode(byte)}`
      : byte < 0x20 || byte > 0x7e
        ? `\\${String(byte).padStart(3, "0")}`
        : String.fromCharCode(byte);
  // A string of a record holds 255 bytes; longer text is several.
  const parts: string[] = [];
  for (let at = 0; at < bytes.length || at === 0; at += 255)
    parts.push(
      `"${bytes
        .slice(at, at + 255)
        .map(shown)
        .join("")}"`,
    );
  return parts.join(" ");
};

/** A text that is given as strings in quotes, as zone files have it, is those strings. */
function text(data: string): string {
  if (!/^"(?:[^"\\]|\\.)*"(?:\s+"(?:[^"\\]|\\.)*")*$/.test(data)) return quoted(data);
  const strings = [...data.matchAll(/"((?:[^"\\]|\\.)*)"/g)];
  return strings.map((match) => quoted((match[1] ?? "").replace(/\\(.)/g, "$1"))).join(" ");
}

function value(domain: string, record: DomainRecord): string {
  const target = fullName(domain, "@") === `${record.data}.` || record.data === "@" ? `${domain}.` : `${record.data}.`;
  switch (record.type) {
    case "A":
    case "AAAA":
      return record.data;
    case "MX":
      return `${record.priority ?? 0} ${target}`;
    case "SRV":
      return `${record.priority ?? 0} ${record.weight ?? 0} ${record.port ?? 0} ${target}`;
    case "CAA":
      return `${record.flags ?? 0} ${record.tag ?? "issue"} ${quoted(record.data)}`;
    case "TXT":
      return text(record.data);
    default:
      return target;
  }
}

/** The zone file of a domain, as the API shows it and as the name server reads it. Pure. */
export function zoneFile({ name, serial, records }: Domain): string {
  const ttl = records.find((record) => record.type === "SOA")?.ttl ?? 1800;
  const lines = [
    `$ORIGIN ${name}.`,
    `$TTL ${ttl}`,
    `${name}. IN SOA ${nameServers[0]}. hostmaster.${name}. ${serial} 10800 3600 604800 ${ttl}`,
  ];
  for (const record of records)
    if (record.type !== "SOA")
      lines.push(`${fullName(name, record.name)} ${record.ttl} IN ${record.type} ${value(name, record)}`);
  return `${lines.join("\n")}\n`;
}

/** The zone file for the name server, which takes no zone without a name server of its own. */
export const servedZone = (domain: Domain): string =>
  domain.records.some((record) => record.type === "NS" && record.name === "@")
    ? zoneFile(domain)
    : `${zoneFile(domain)}${domain.name}. 1800 IN NS ${nameServers[0]}.\n`;

/** Name of a zone's file: a domain's name may be longer than a path of an archive. */
export const zoneFileName = (domain: string): string => createHash("sha256").update(domain).digest("hex").slice(0, 16);

/** The name server's configuration: the cloud's zones are answered for, all else is asked of `forwarders`. Pure. */
export const namedConf = (domains: readonly Domain[], forwarders: readonly string[]): string =>
  `options {
  directory "/run/named";
  listen-on { any; };
  listen-on-v6 { none; };
  allow-query { any; };
  allow-query-cache { any; };
  allow-recursion { any; };
  recursion yes;
  forward only;
  forwarders { ${forwarders.map((one) => `${one}; `).join("")}};
  dnssec-validation no;
  empty-zones-enable no;
  check-integrity no;
  check-names primary ignore;
  notify no;
  max-cache-size 32m;
  max-ncache-ttl 5;
  minimal-responses yes;
  pid-file none;
  session-keyfile none;
  managed-keys-directory "/run/named";
};
controls { };
${domains.map(({ name }) => `zone "${name}" { type primary; file "/srv/now/zones/${zoneFileName(name)}"; };\n`).join("")}`;
