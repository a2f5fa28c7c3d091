import { isIPv4 } from "node:net";
import { isPlainIPv6 } from "./address.ts";
import { type Call, notFound, page, Refusal, type Reply, type Route, unprocessable } from "./http.ts";
import { exclusively } from "./lock.ts";
import { readRecord, validDomain } from "./records.ts";
import { dropResource, putResource, readResources } from "./resources.ts";
import type { Cloud } from "./state.ts";
import { type Domain, type DomainRecord, fullName, nameServers, zoneFile } from "./zones.ts";

export const domainRoutes = (cloud: Cloud): readonly Route[] => [
  ["GET", "/v2/domains", async (call) => page(call, "domains", (await domainsOf(cloud)).map(domainBody))],
  ["POST", "/v2/domains", (call) => add(cloud, call)],
  ["GET", "/v2/domains/:name", async (_call, name = "") => told(await find(cloud, name))],
  ["DELETE", "/v2/domains/:name", (_call, name = "") => remove(cloud, name)],
  ["GET", "/v2/domains/:name/records", (call, name = "") => records(cloud, call, name)],
  ["POST", "/v2/domains/:name/records", (call, name = "") => addRecord(cloud, call, name)],
  ["GET", "/v2/domains/:name/records/:id", async (_call, name = "", id = "") => one(await find(cloud, name), id)],
  ["PUT", "/v2/domains/:name/records/:id", (call, name = "", id = "") => change(cloud, call, name, id)],
  ["PATCH", "/v2/domains/:name/records/:id", (call, name = "", id = "") => change(cloud, call, name, id)],
  ["DELETE", "/v2/domains/:name/records/:id", (_call, name = "", id = "") => removeRecord(cloud, name, id)],
];

export const domainsOf = async (cloud: Cloud): Promise<Domain[]> =>
  (await readResources<Domain>(cloud, "domain")).map(({ data }) => data);

const ttlOf = (domain: Domain): number => domain.records.find((record) => record.type === "SOA")?.ttl ?? 1800;
const domainBody = (domain: Domain): object => ({
  name: domain.name,
  ttl: ttlOf(domain),
  zone_file: zoneFile(domain),
});
const told = (domain: Domain): Reply => ({ status: 200, body: { domain: domainBody(domain) } });

async function find(cloud: Cloud, name: string): Promise<Domain> {
  const found = (await domainsOf(cloud)).find((domain) => domain.name === name.toLowerCase());
  if (found === undefined) throw notFound();
  return found;
}

/** Changes of one domain, one after the other, whoever serves them. */
const alone = <T>(cloud: Cloud, name: string, work: () => Promise<T>): Promise<T> =>
  exclusively(`domain ${cloud.name} ${name.toLowerCase()}`, work);

const lastIdOf = ({ lastId = 0, records }: Pick<Domain, "lastId" | "records">): number =>
  Math.max(lastId, ...records.map(({ id }) => id));

/**
 * Greater than those that were given before, as DigitalOcean's are: which of two records was made first can be told by them, and whoever removes
 * one twice does not remove another.
 */
const nextId = (domain: Pick<Domain, "lastId" | "records">): number =>
  Math.max(Math.floor((Date.now() - Date.UTC(2024)) / 100), lastIdOf(domain)) + 1;

const plain = (id: number, type: string, data: string): DomainRecord => ({
  id,
  type,
  name: "@",
  data,
  priority: null,
  port: null,
  ttl: 1800,
  weight: null,
  flags: null,
  tag: null,
});

const now = (): number => Math.floor(Date.now() / 1_000);

async function add(cloud: Cloud, call: Call): Promise<Reply> {
  const { name: given, ip_address: address } = call.body;
  if (given === undefined || given === null || given === "") throw unprocessable("Name can't be blank");
  if (!validDomain(given)) throw unprocessable("Name is invalid");
  const name = given.toLowerCase();
  const at = typeof address === "string" && address !== "" ? address : undefined;
  if (at !== undefined && !isIPv4(at) && !isPlainIPv6(at)) throw unprocessable("IP address is invalid");
  return alone(cloud, name, async () => {
    if ((await domainsOf(cloud)).some((domain) => domain.name === name))
      throw unprocessable(`domain '${name}': name already exists`);
    const first = [
      ["SOA", "1800"],
      ...nameServers.map((server) => ["NS", server] as const),
      ...(at === undefined ? [] : [[isIPv4(at) ? "A" : "AAAA", at] as const]),
    ] as const;
    const id = nextId({ records: [] });
    const records = first.map(([type, data], index) => plain(id + index, type, data));
    await put(cloud, { name, serial: now(), records });
    return { status: 201, body: { domain: { name, ttl: 1800, zone_file: null } } };
  });
}

const put = (cloud: Cloud, domain: Domain): Promise<unknown> => putResource(cloud, "domain", domain.name, domain);

const remove = (cloud: Cloud, name: string): Promise<Reply> =>
  alone(cloud, name, async () => {
    await dropResource(cloud, "domain", (await find(cloud, name)).name);
    return { status: 204 };
  });

/** The filter's name is one in full, without the dot. */
async function records(cloud: Cloud, call: Call, name: string): Promise<Reply> {
  const domain = await find(cloud, name);
  const type = call.query.get("type")?.toUpperCase();
  const full = call.query.get("name")?.toLowerCase();
  const wanted = domain.records.filter(
    (record) =>
      (type === undefined || type === "" || record.type === type) &&
      (full === undefined || full === "" || fullName(domain.name, record.name) === `${full}.`),
  );
  return page(call, "domain_records", wanted);
}

function recordOf(domain: Domain, id: string): DomainRecord {
  const found = domain.records.find((record) => String(record.id) === id);
  if (found === undefined) throw notFound();
  return found;
}

const one = (domain: Domain, id: string): Reply => ({ status: 200, body: { domain_record: recordOf(domain, id) } });

/** Makes what `next` gives the records of the domain. */
const edit = (cloud: Cloud, name: string, next: (domain: Domain) => readonly [readonly DomainRecord[], Reply]) =>
  alone(cloud, name, async () => {
    const domain = await find(cloud, name);
    const [changed, reply] = next(domain);
    const serial = Math.max(now(), domain.serial + 1);
    await put(cloud, { ...domain, serial, records: changed, lastId: lastIdOf(domain) });
    return reply;
  });

const addRecord = (cloud: Cloud, call: Call, name: string): Promise<Reply> =>
  edit(cloud, name, (domain) => {
    const record = { id: nextId(domain), ...readRecord(domain, call.body) };
    return [[...domain.records, record], { status: 201, body: { domain_record: record } }];
  });

const change = (cloud: Cloud, call: Call, name: string, id: string): Promise<Reply> =>
  edit(cloud, name, (domain) => {
    const before = recordOf(domain, id);
    const record = { id: before.id, ...readRecord(domain, call.body, before) };
    const changed = domain.records.map((other) => (other.id === record.id ? record : other));
    return [changed, { status: 200, body: { domain_record: record } }];
  });

const removeRecord = (cloud: Cloud, name: string, id: string): Promise<Reply> =>
  edit(cloud, name, (domain) => {
    const before = recordOf(domain, id);
    if (before.type === "SOA") throw new Refusal(403, "forbidden", "The SOA record cannot be deleted.");
    return [domain.records.filter((record) => record.id !== before.id), { status: 204 }];
  });
