import { isIP } from "node:net";
import { fail } from "../errors.ts";
import { checkedAddress, checkedName } from "./names.ts";

interface Named {
  /** In the zone: `www`, or `@` for the zone itself. */
  readonly name: string;
  /** In seconds; default the zone's. */
  readonly ttl?: number;
}
/** A record of a zone. A name with a dot in it is a whole one, without a dot it is one of the zone. */
export type DnsRecord =
  | (Named & { readonly type: "A" | "AAAA"; readonly to: string })
  | (Named & { readonly type: "CNAME" | "NS" | "PTR"; readonly to: string })
  | (Named & { readonly type: "MX"; readonly to: string; readonly priority: number })
  | (Named & {
      readonly type: "SRV";
      readonly to: string;
      readonly port: number;
      readonly priority?: number;
      readonly weight?: number;
    })
  | (Named & { readonly type: "TXT"; readonly text: string })
  | (Named & { readonly type: "CAA"; readonly tag: "issue" | "issuewild" | "iodef"; readonly value: string });

const target = (name: string): string => {
  if (name === "@") return name;
  const plain = checkedName(name.replace(/\.$/, ""));
  return plain.includes(".") ? `${plain}.` : plain;
};

/** `*` alone or before other names stands for all that are not there. */
const owner = (name: string): string => {
  if (name === "@" || name === "*") return name;
  if (name.startsWith("*.")) return `*.${checkedName(name.slice(2))}`;
  return checkedName(name);
};

const number = (value: number, most = 65_535): number => {
  if (!Number.isInteger(value) || value < 0 || value > most)
    throw fail("config.bad-argument", `${value} is no number from 0 to ${most} in a DNS record`);
  return value;
};

// Strings of at most 255 bytes; what is not printable ASCII is written by its number.
function quotedText(text: string): string {
  const bytes = [...Buffer.from(text, "utf8")];
  const parts: string[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += 255) {
    const part = bytes.slice(at, at + 255).map((byte) => {
      if (byte === 34 || byte === 92) return `\\${String.fromCharCode(byte)}`;
      return byte < 32 || byte > 126 ? `\\${String(byte).padStart(3, "0")}` : String.fromCharCode(byte);
    });
    parts.push(`"${part.join("")}"`);
  }
  return parts.join(" ");
}

function dataOf(record: DnsRecord): string {
  switch (record.type) {
    case "A":
    case "AAAA": {
      const address = checkedAddress(record.to);
      if (isIP(address) !== (record.type === "A" ? 4 : 6))
        throw fail("config.bad-argument", `${record.to} does not fit a record of type ${record.type}`);
      return address;
    }
    case "CNAME":
    case "NS":
    case "PTR":
      return target(record.to);
    case "MX":
      return `${number(record.priority)} ${target(record.to)}`;
    case "SRV":
      return `${number(record.priority ?? 0)} ${number(record.weight ?? 0)} ${number(record.port)} ${target(record.to)}`;
    case "TXT":
      return quotedText(record.text);
    case "CAA":
      return `0 ${record.tag} ${quotedText(record.value)}`;
    default:
      return record satisfies never;
  }
}

/** A line of a zone file. Throws `config.bad-argument`. */
export function recordLine(record: DnsRecord): string {
  const ttl = record.ttl === undefined ? "" : ` ${number(record.ttl, 2_147_483_647)}`;
  return `${owner(record.name)}${ttl} IN ${record.type} ${dataOf(record)}`;
}

export interface ZoneText {
  readonly zone: string;
  readonly nameServer: string;
  readonly hostmaster: string;
  readonly ttl: number;
  readonly records: readonly DnsRecord[];
}

/** A zone file at a serial; the same records give the same text. */
export function zoneText(of: ZoneText, serial: number): string {
  const lines = [...new Set(of.records.map(recordLine))].sort();
  return `$ORIGIN ${of.zone}.
$TTL ${number(of.ttl, 2_147_483_647)}
@ IN SOA ${target(of.nameServer)} ${target(of.hostmaster.replace("@", "."))} ${serial} 3600 600 1209600 300
${lines.map((line) => `${line}\n`).join("")}`;
}

/** The serial of a zone file as {@link zoneText} writes it. */
export function serialIn(lines: readonly string[]): number | undefined {
  const found = /^@ IN SOA \S+ \S+ (\d+) /.exec(lines.find((line) => line.startsWith("@ IN SOA ")) ?? "")?.[1];
  return found === undefined ? undefined : Number(found);
}

/** The serial after this one: RFC 1982 begins anew after the largest. */
export const nextSerial = (serial: number): number => (serial >= 4_294_967_295 ? 1 : serial + 1);
