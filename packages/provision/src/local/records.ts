import { isIPv4 } from "node:net";
import { isPlainIPv6 } from "./address.ts";
import { unprocessable } from "./http.ts";
import type { Domain, DomainRecord } from "./zones.ts";

/** What a record consists of besides its name, data and ttl; `named` types point at a host name. */
const types: Readonly<Record<string, { readonly needs: readonly (keyof DomainRecord)[]; readonly named: boolean }>> = {
  A: { needs: [], named: false },
  AAAA: { needs: [], named: false },
  CAA: { needs: ["flags", "tag"], named: false },
  CNAME: { needs: [], named: true },
  MX: { needs: ["priority"], named: true },
  NS: { needs: [], named: true },
  SRV: { needs: ["priority", "port", "weight"], named: true },
  TXT: { needs: [], named: false },
};
const largest = { priority: 65_535, port: 65_535, weight: 65_535, flags: 255 } as const;
const caaTags = ["issue", "issuewild", "iodef"];

const label = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const recordName = new RegExp(`^(?:@|\\*|(?:\\*\\.)?${label}(?:\\.${label})*)$`);
const hostName = new RegExp(`^(?:${label}(?:\\.${label})*)?\\.$`);
/** A domain as its owner has it: two labels at least, and room for `hostmaster.` before it, which its zone names. */
export const validDomain = (name: unknown): name is string =>
  typeof name === "string" && name.length <= 242 && new RegExp(`^${label}(?:\\.${label})+$`, "i").test(name);

type Fields = Readonly<Record<string, unknown>>;

/**
 * The record that a body asks for; `before` is the one that it changes, whose fields stand where the body has none. The API shows names in data
 * without the dot at their end and yet asks for it: a change that does not repeat them is refused, as DigitalOcean does. Pure.
 * @throws Refusal in DigitalOcean's words.
 */
export function readRecord(domain: Domain, body: Fields, before?: DomainRecord): Omit<DomainRecord, "id"> {
  // Empty texts and zeros of clients that send every field stand for none.
  const given = (name: keyof DomainRecord): unknown => body[name] ?? before?.[name] ?? null;
  const type = before?.type ?? (typeof body["type"] === "string" ? body["type"].toUpperCase() : "");
  const ttl = readTtl(given("ttl"));
  if (before?.type === "SOA") return { ...before, ttl, data: String(ttl) };
  const kind = types[type];
  if (kind === undefined) throw unprocessable(type === "" ? "Type can't be blank" : "Type is not a valid record type");
  const name = readName(domain.name, type, given("name"));
  const numbers = { priority: null, port: null, weight: null, flags: null } as Record<
    keyof typeof largest,
    number | null
  >;
  for (const field of kind.needs)
    if (field in largest) readNumber(numbers, field as keyof typeof largest, given(field));
  const tag = kind.needs.includes("tag") ? readTag(given("tag")) : null;
  const data = readData(type, tag, given("data"));
  if (clashes(domain.records, { type, name }, before))
    throw unprocessable("CNAME records cannot share a name with other records");
  return { type, name, data, ttl, tag, ...numbers };
}

/** Beside an alias nothing else may stand: the domain itself always has its NS and SOA records. */
const clashes = (
  records: readonly DomainRecord[],
  { type, name }: Pick<DomainRecord, "type" | "name">,
  before: DomainRecord | undefined,
): boolean =>
  (type === "CNAME" && name === "@") ||
  records.some((one) => one.id !== before?.id && one.name === name && (one.type === "CNAME" || type === "CNAME"));

function readTtl(given: unknown): number {
  const ttl = given === null || given === 0 ? 1800 : Number(given);
  if (!Number.isInteger(ttl) || ttl < 30) throw unprocessable("record ttl must be greater than 30");
  if (ttl > 2_147_483_647) throw unprocessable("record ttl is too large");
  return ttl;
}

function readName(domain: string, type: string, given: unknown): string {
  if ((given === null || given === "") && type === "NS") return "@";
  if (typeof given !== "string" || given === "") {
    if (type === "MX") return "@";
    throw unprocessable("Name can't be blank");
  }
  const lower = given.toLowerCase();
  // With a dot at its end it is a name in full.
  const full =
    lower === `${domain}.` ? "@" : lower.endsWith(`.${domain}.`) ? lower.slice(0, -domain.length - 2) : lower;
  if (!recordName.test(full) || full.length + domain.length > 252) throw unprocessable("Name is invalid");
  return full;
}

function readNumber(
  into: Record<keyof typeof largest, number | null>,
  field: keyof typeof largest,
  given: unknown,
): void {
  const shown = `${field.charAt(0).toUpperCase()}${field.slice(1)}`;
  if (given === null || given === "") throw unprocessable(`${shown} can't be blank`);
  const value = Number(given);
  if (!Number.isInteger(value) || value < 0 || value > largest[field])
    throw unprocessable(`${shown} must be between 0 and ${largest[field]}`);
  into[field] = value;
}

function readTag(given: unknown): string {
  if (typeof given !== "string" || !caaTags.includes(given))
    throw unprocessable(`Tag must be one of: ${caaTags.join(", ")}`);
  return given;
}

function readData(type: string, tag: string | null, given: unknown): string {
  if (typeof given !== "string" || given === "") throw unprocessable("Data can't be blank");
  if (type === "A" && !isIPv4(given)) throw unprocessable("IP address did not match IPv4 format (e.g. 127.0.0.1).");
  if (type === "AAAA" && !isPlainIPv6(given))
    throw unprocessable("IP address did not match IPv6 format (e.g. 2001:db8::ff00:42:8329).");
  // The value of a CAA record is one string of the zone, which holds 255 bytes.
  const longest = { TXT: 4096, CAA: 255 }[type] ?? Number.POSITIVE_INFINITY;
  if (Buffer.byteLength(given) > longest) throw unprocessable("Data is too long");
  const named = types[type]?.named === true;
  if (named && given === "@") return "@";
  if (!named && (type !== "CAA" || tag === "iodef")) return given;
  if (!given.endsWith(".")) throw unprocessable("Data needs to end with a dot (.)");
  // What follows a semicolon are parameters of the authority.
  const target = given.toLowerCase().replace(type === "CAA" ? /;.*(?=\.$)/ : /^$/, "");
  if (target.length > 254 || !hostName.test(target)) throw unprocessable("Data is invalid");
  return given.slice(0, -1);
}
