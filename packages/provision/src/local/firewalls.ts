import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { readNetwork } from "./address.ts";
import { dropletId } from "./droplet-id.ts";
import {
  applyFilter,
  type Firewall,
  type FirewallData,
  guards,
  type Places,
  type Rule,
  readFirewalls,
  unmarked,
  withFirewalls,
} from "./filtering.ts";
import { type Call, notFound, page, Refusal, type Reply, type Route, unprocessable } from "./http.ts";
import { dropResource, putResource } from "./resources.ts";
import { type Cloud, look, type View } from "./state.ts";
import { newId } from "./store.ts";
import { readTags } from "./tag-names.ts";

export const firewallRoutes = (cloud: Cloud): readonly Route[] => [
  ["GET", "/v2/firewalls", (call) => many(cloud, call, () => true)],
  ["POST", "/v2/firewalls", (call) => create(cloud, call)],
  ["GET", "/v2/firewalls/:id", async (_call, id = "") => told(cloud, 200, await find(cloud, id))],
  ["PUT", "/v2/firewalls/:id", (call, id = "") => replace(cloud, call, id)],
  ["DELETE", "/v2/firewalls/:id", (_call, id = "") => remove(cloud, id)],
  ["POST", "/v2/firewalls/:id/droplets", (call, id = "") => change(cloud, call, id, addDroplets)],
  ["DELETE", "/v2/firewalls/:id/droplets", (call, id = "") => change(cloud, call, id, removeDroplets)],
  ["POST", "/v2/firewalls/:id/tags", (call, id = "") => change(cloud, call, id, addTags)],
  ["DELETE", "/v2/firewalls/:id/tags", (call, id = "") => change(cloud, call, id, removeTags)],
  ["POST", "/v2/firewalls/:id/rules", (call, id = "") => change(cloud, call, id, addRules)],
  ["DELETE", "/v2/firewalls/:id/rules", (call, id = "") => change(cloud, call, id, removeRules)],
  ["GET", "/v2/droplets/:id/firewalls", (call, id = "") => ofDroplet(cloud, call, id)],
];

const ruleBody = (rule: Rule, places: "sources" | "destinations"): object => ({
  protocol: rule.protocol,
  ports: rule.ports,
  [places]: rule.places,
});

function firewallBody(firewall: Firewall, view: View): object {
  const { id, createdAt, data } = firewall;
  const waiting = data.status === "waiting" ? view.droplets.filter((droplet) => guards(firewall, droplet)) : [];
  return {
    id,
    name: data.name,
    status: data.status,
    created_at: createdAt.replace(/\.\d+Z$/, "Z"),
    pending_changes: waiting.map((droplet) => ({ droplet_id: droplet.id, removing: false, status: "waiting" })),
    inbound_rules: data.inbound.map((rule) => ruleBody(rule, "sources")),
    outbound_rules: data.outbound.map((rule) => ruleBody(rule, "destinations")),
    droplet_ids: data.droplets.filter((droplet) => view.droplets.some((one) => one.id === droplet)),
    tags: data.tags,
  };
}

const told = async (cloud: Cloud, status: number, firewall: Firewall): Promise<Reply> => {
  takeUp(cloud, [firewall]);
  return { status, body: { firewall: firewallBody(firewall, await look(cloud)) } };
};

/** What waits is somebody's work that goes on, or was left half-way. */
function takeUp(cloud: Cloud, firewalls: readonly Firewall[]): void {
  if (firewalls.some(({ data }) => data.status === "waiting")) cloud.behind("filter", cloud.filter);
}

async function many(cloud: Cloud, call: Call, wanted: (firewall: Firewall) => boolean): Promise<Reply> {
  const view = await look(cloud);
  const firewalls = (await readFirewalls(cloud)).filter(wanted);
  takeUp(cloud, firewalls);
  return page(
    call,
    "firewalls",
    firewalls.map((firewall) => firewallBody(firewall, view)),
  );
}

async function ofDroplet(cloud: Cloud, call: Call, id: string): Promise<Reply> {
  const droplet = (await look(cloud)).droplets.find((one) => String(one.id) === id);
  if (droplet === undefined) throw notFound();
  return many(cloud, call, (firewall) => guards(firewall, droplet));
}

async function find(cloud: Cloud, id: string): Promise<Firewall> {
  const firewall = (await readFirewalls(cloud)).find((one) => one.id === id);
  if (firewall === undefined) throw notFound();
  return firewall;
}

function readAddress(given: unknown): string {
  const network = readNetwork(given);
  if (network === undefined) throw unprocessable(`${String(given)} is not a valid address or network`);
  return network;
}

const listOf = (given: unknown): readonly unknown[] => (Array.isArray(given) ? given : []);

function readPlaces(given: unknown, view: View): Places {
  if (typeof given !== "object" || given === null) throw unprocessable("sources and destinations must be objects");
  const { addresses, droplet_ids, tags, load_balancer_uids, kubernetes_ids } = given as Record<string, unknown>;
  const places = {
    addresses: listOf(addresses).map(readAddress),
    droplet_ids: readDroplets(droplet_ids, view),
    tags: readExisting(tags, view),
    load_balancer_uids: listOf(load_balancer_uids).map(String),
    kubernetes_ids: listOf(kubernetes_ids).map(String),
  };
  return Object.fromEntries(Object.entries(places).filter(([, all]) => all.length > 0));
}

function readPorts(protocol: string, given: unknown): string {
  if (protocol === "icmp") return "0";
  const all = given === undefined || given === null || given === "" || given === "all";
  if (!all && typeof given !== "string" && typeof given !== "number") throw unprocessable("ports must be a string");
  const text = all ? "0" : `${given}`;
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  if (first === undefined || Number(last) < Number(first) || Number(last) > 65_535)
    throw unprocessable(`${text} is not a valid port or range of ports`);
  return text;
}

function readRules(given: unknown, places: "sources" | "destinations", view: View): readonly Rule[] {
  return listOf(given).map((one) => {
    const rule = (typeof one === "object" && one !== null ? one : {}) as Record<string, unknown>;
    const { protocol } = rule;
    if (protocol !== "tcp" && protocol !== "udp" && protocol !== "icmp")
      throw unprocessable("protocol must be tcp, udp or icmp");
    return { protocol, ports: readPorts(protocol, rule["ports"]), places: readPlaces(rule[places], view) };
  });
}

function readDroplets(given: unknown, view: View): readonly number[] {
  return listOf(given)
    .map(dropletId)
    .map((id) => {
      if (!view.droplets.some((droplet) => droplet.id === id))
        throw unprocessable(`droplet ${String(id)} does not exist`);
      return Number(id);
    });
}

/** Tags that a firewall names must be there. */
function readExisting(given: unknown, view: View): readonly string[] {
  const known = new Set([
    ...view.notes.filter((note) => note.kind === "tag").map((note) => note.data["name"]),
    ...view.droplets.flatMap((droplet) => droplet.tags),
  ]);
  return readTags(given).map((tag) => {
    if (!known.has(tag)) throw unprocessable(`tag ${tag} does not exist`);
    return tag;
  });
}

function readWhole(body: Call["body"], view: View): FirewallData {
  const { name } = body;
  if (typeof name !== "string" || !/^[a-zA-Z0-9][a-zA-Z0-9.-]+$/.test(name)) throw unprocessable("invalid name");
  const inbound = readRules(body["inbound_rules"], "sources", view);
  const outbound = readRules(body["outbound_rules"], "destinations", view);
  if (inbound.length + outbound.length === 0) throw unprocessable("at least one inbound or outbound rule is needed");
  const droplets = readDroplets(body["droplet_ids"], view);
  return { name, status: "waiting", inbound, outbound, droplets, tags: readExisting(body["tags"], view) };
}

/** Writes a firewall and has it applied behind the answer. */
async function put(cloud: Cloud, id: string, data: FirewallData): Promise<Firewall> {
  const firewall = await putResource(cloud, "firewall", id, unmarked(data));
  cloud.behind(`filter ${newId()}`, cloud.filter);
  return firewall;
}

function create(cloud: Cloud, call: Call): Promise<Reply> {
  return withFirewalls(cloud, async () => {
    const data = readWhole(call.body, await look(cloud));
    if ((await readFirewalls(cloud)).some((one) => one.data.name === data.name))
      throw new Refusal(409, "conflict", "duplicate name");
    const firewall = await put(cloud, randomUUID(), data);
    return { status: 202, body: { firewall: firewallBody(firewall, await look(cloud)) } };
  });
}

function replace(cloud: Cloud, call: Call, id: string): Promise<Reply> {
  return withFirewalls(cloud, async () => {
    await find(cloud, id);
    const data = readWhole(call.body, await look(cloud));
    if ((await readFirewalls(cloud)).some((one) => one.id !== id && one.data.name === data.name))
      throw new Refusal(409, "conflict", "duplicate name");
    const firewall = await put(cloud, id, data);
    return { status: 200, body: { firewall: firewallBody(firewall, await look(cloud)) } };
  });
}

/** The filter goes first: killed in between, the firewall is still there and is applied again. */
async function remove(cloud: Cloud, id: string): Promise<Reply> {
  await find(cloud, id);
  await applyFilter(cloud, { without: id });
  await withFirewalls(cloud, () => dropResource(cloud, "firewall", id));
  return { status: 204 };
}

type Change = (data: FirewallData, body: Call["body"], view: View) => FirewallData;

function change(cloud: Cloud, call: Call, id: string, by: Change): Promise<Reply> {
  return withFirewalls(cloud, async () => {
    const { data } = await find(cloud, id);
    await put(cloud, id, { ...by(data, call.body, await look(cloud)), status: "waiting" });
    return { status: 204 };
  });
}

const join = <T>(some: readonly T[], more: readonly T[]): readonly T[] => [...new Set([...some, ...more])];
const addDroplets: Change = (data, body, view) => ({
  ...data,
  droplets: join(data.droplets, readDroplets(body["droplet_ids"], view)),
});
const removeDroplets: Change = (data, body) => {
  const gone = listOf(body["droplet_ids"]).map(dropletId);
  return { ...data, droplets: data.droplets.filter((id) => !gone.includes(id)) };
};
const addTags: Change = (data, body, view) => ({ ...data, tags: join(data.tags, readExisting(body["tags"], view)) });
const removeTags: Change = (data, body) => {
  const gone = readTags(body["tags"]);
  return { ...data, tags: data.tags.filter((tag) => !gone.includes(tag)) };
};
const without = (some: readonly Rule[], gone: readonly Rule[]): readonly Rule[] =>
  some.filter((rule) => !gone.some((other) => isDeepStrictEqual(rule, other)));
const addRules: Change = (data, body, view) => {
  const inbound = readRules(body["inbound_rules"], "sources", view);
  const outbound = readRules(body["outbound_rules"], "destinations", view);
  return {
    ...data,
    inbound: [...without(data.inbound, inbound), ...inbound],
    outbound: [...without(data.outbound, outbound), ...outbound],
  };
};
const removeRules: Change = (data, body, view) => ({
  ...data,
  inbound: without(data.inbound, readRules(body["inbound_rules"], "sources", view)),
  outbound: without(data.outbound, readRules(body["outbound_rules"], "destinations", view)),
});
