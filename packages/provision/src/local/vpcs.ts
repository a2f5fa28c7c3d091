import { createHash, randomUUID } from "node:crypto";
import { regions } from "./catalog.ts";
import { type Call, notFound, page, Refusal, type Reply, type Route, unprocessable } from "./http.ts";
import { exclusively } from "./lock.ts";
import { ensurePrivateNetwork, overlap, privateNetworks, rangeOf, removePrivateNetwork } from "./private-network.ts";
import { dropResource, putResource, type Resource, readResources } from "./resources.ts";
import { type Cloud, look } from "./state.ts";

interface VpcData {
  readonly name: string;
  readonly description: string;
  readonly region: string;
  readonly range: string;
  readonly default: boolean;
}
type Vpc = Resource<VpcData>;

export const vpcRoutes = (cloud: Cloud): readonly Route[] => [
  ["GET", "/v2/vpcs", async (call) => page(call, "vpcs", (await readVpcs(cloud)).map(vpcBody))],
  ["POST", "/v2/vpcs", (call) => create(cloud, call)],
  ["GET", "/v2/vpcs/:id", async (_call, id = "") => told(200, await find(cloud, id))],
  ["PUT", "/v2/vpcs/:id", (call, id = "") => change(cloud, call, id)],
  ["PATCH", "/v2/vpcs/:id", (call, id = "") => change(cloud, call, id)],
  ["DELETE", "/v2/vpcs/:id", (_call, id = "") => remove(cloud, id)],
  ["GET", "/v2/vpcs/:id/members", (call, id = "") => members(cloud, call, id)],
];

/** The id of the VPC that a region has by itself. */
function ownId(cloud: Cloud, region: string): string {
  const hex = createHash("sha256").update(`${cloud.name} vpc ${region}`).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}

/** The VPCs that were made, and those that regions have by themselves as long as a droplet is there. */
async function readVpcs(cloud: Cloud): Promise<Vpc[]> {
  const made = await readResources<VpcData>(cloud, "vpc");
  const networks = await privateNetworks(cloud);
  const own = regions.flatMap(({ slug }): Vpc[] => {
    const id = ownId(cloud, slug);
    const range = networks.find((one) => one.vpc === id)?.range;
    if (range === undefined) return [];
    const other = made.some(({ data }) => data.region === slug && data.default);
    const data = { name: `default-${slug}`, description: "", region: slug, range, default: !other };
    return [{ id, createdAt: "2020-01-01T00:00:00.000Z", data }];
  });
  return [...own, ...made];
}

const vpcBody = ({ id, createdAt, data }: Vpc): object => ({
  id,
  urn: `do:vpc:${id}`,
  name: data.name,
  description: data.description,
  region: data.region,
  ip_range: data.range,
  default: data.default,
  created_at: createdAt,
});
const told = (status: number, vpc: Vpc): Reply => ({ status, body: { vpc: vpcBody(vpc) } });

async function find(cloud: Cloud, id: string): Promise<Vpc> {
  const vpc = (await readVpcs(cloud)).find((one) => one.id === id);
  if (vpc === undefined) throw notFound();
  return vpc;
}

/** The VPC of a new droplet: the one asked for, else the default one of its region. */
export async function vpcFor(cloud: Cloud, asked: unknown, region: string): Promise<{ id: string; range?: string }> {
  const made = await readResources<VpcData>(cloud, "vpc");
  const own = ownId(cloud, region);
  if (asked === undefined || asked === null || asked === "" || asked === own) {
    const found = asked === own ? undefined : made.find(({ data }) => data.region === region && data.default);
    return found === undefined ? { id: own } : { id: found.id, range: found.data.range };
  }
  const found = made.find(({ id }) => id === asked);
  if (found === undefined || found.data.region !== region)
    throw unprocessable("Failed to resolve VPC: the VPC does not exist in the Droplet's region.");
  return { id: found.id, range: found.data.range };
}

const isPrivate = (range: string): boolean =>
  ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].some((one) => {
    const [outer, inner] = [rangeOf(one), rangeOf(range)];
    return inner.first >= outer.first && inner.end <= outer.end;
  });

function readRange(given: unknown): string | undefined {
  if (given === undefined || given === null || given === "") return undefined;
  if (
    typeof given !== "string" ||
    !/^(\d{1,3}\.){3}\d{1,3}\/\d{1,2}$/.test(given) ||
    given
      .split(/[./]/)
      .slice(0, 4)
      .some((part) => Number(part) > 255)
  )
    throw unprocessable("ip_range is not a valid CIDR");
  const { bits } = rangeOf(given);
  if (bits < 16 || bits > 28) throw unprocessable("ip_range size must be between /16 and /28");
  if (!isPrivate(given)) throw unprocessable("ip_range must be in a range of private addresses");
  return given;
}

function readName(given: unknown): string {
  if (typeof given !== "string" || !/^[a-zA-Z0-9.-]{1,255}$/.test(given))
    throw unprocessable("VPC name must contain only alphanumeric characters, dashes, and periods");
  return given;
}

function readDescription(given: unknown): string {
  if (given === undefined || given === null) return "";
  if (typeof given !== "string" || given.length > 255) throw unprocessable("description is too long");
  return given;
}

const alone = <T>(cloud: Cloud, work: () => Promise<T>): Promise<T> => exclusively(`vpcs ${cloud.name}`, work);

function create(cloud: Cloud, call: Call): Promise<Reply> {
  const { body } = call;
  const name = readName(body["name"]);
  const description = readDescription(body["description"]);
  const region = String(body["region"]);
  if (!regions.some((one) => one.slug === region)) throw unprocessable("invalid region");
  const asked = readRange(body["ip_range"]);
  return alone(cloud, async () => {
    const all = await readVpcs(cloud);
    if (all.some(({ data }) => data.name === name)) throw unprocessable(`name is already in use`);
    if (asked !== undefined && all.some(({ data }) => overlap(data.range, asked)))
      throw unprocessable("This range/size overlaps with another VPC network in your account");
    const id = randomUUID();
    const range = await ensurePrivateNetwork(cloud, id, asked);
    if (range === undefined) throw unprocessable("This range/size overlaps with another network of the Docker engine");
    // Every region has one of its own already, as in an account that was used there before.
    return told(201, await putResource(cloud, "vpc", id, { name, description, region, range, default: false }));
  });
}

function change(cloud: Cloud, call: Call, id: string): Promise<Reply> {
  return alone(cloud, async () => {
    const { data } = await find(cloud, id);
    const { body } = call;
    if (!(await readResources<VpcData>(cloud, "vpc")).some((one) => one.id === id)) {
      // The region's own: it can take the default back, no more.
      if (body["default"] === true) await undefault(cloud, data.region);
      return told(200, await find(cloud, id));
    }
    const name = body["name"] === undefined ? data.name : readName(body["name"]);
    if ((await readVpcs(cloud)).some((one) => one.id !== id && one.data.name === name))
      throw unprocessable("name is already in use");
    const description = body["description"] === undefined ? data.description : readDescription(body["description"]);
    if (body["default"] === true && !data.default) await undefault(cloud, data.region);
    const next = { ...data, name, description, default: data.default || body["default"] === true };
    return told(200, await putResource(cloud, "vpc", id, next));
  });
}

async function undefault(cloud: Cloud, region: string): Promise<void> {
  for (const { id, data } of await readResources<VpcData>(cloud, "vpc"))
    if (data.region === region && data.default) await putResource(cloud, "vpc", id, { ...data, default: false });
}

function remove(cloud: Cloud, id: string): Promise<Reply> {
  return alone(cloud, async () => {
    const vpc = await find(cloud, id);
    const forbidden = (why: string): Refusal => new Refusal(403, "forbidden", why);
    if (vpc.data.default) throw forbidden("Can not delete VPC: it is the default of its region.");
    if ((await look(cloud)).droplets.some((droplet) => droplet.vpc === id))
      throw forbidden("Can not delete VPC with members");
    await removePrivateNetwork(cloud, id);
    await dropResource(cloud, "vpc", id);
    return { status: 204 };
  });
}

async function members(cloud: Cloud, call: Call, id: string): Promise<Reply> {
  await find(cloud, id);
  const type = call.query.get("resource_type");
  const inside = (await look(cloud)).droplets.filter((droplet) => droplet.vpc === id);
  const shown = inside.map((one) => ({ name: one.name, urn: `do:droplet:${one.id}`, created_at: one.createdAt }));
  return page(call, "members", type === null || type === "droplet" ? shown : []);
}

/** Removes the networks of VPCs that regions had by themselves, where no droplet is left. */
export async function clearPrivateNetworks(cloud: Cloud): Promise<void> {
  const networks = await privateNetworks(cloud);
  if (networks.length === 0) return;
  const made = new Set((await readResources<VpcData>(cloud, "vpc")).map(({ id }) => id));
  for (const { vpc } of networks) if (!made.has(vpc)) await removePrivateNetwork(cloud, vpc);
}
