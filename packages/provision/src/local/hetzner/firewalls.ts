import type { Call, Reply, Route } from "../http.ts";
import { exclusively } from "../lock.ts";
import { type ActionBody, done, time } from "./action-bodies.ts";
import { dropletOf, type Face, firewalls, type V2Firewall } from "./face.ts";
import { beneath, type Rule, readRules, shown, textOf } from "./firewall-rules.ts";
import { follow, firewallKey as noteKey } from "./follow.ts";
import { readLabels, selector } from "./labels.ts";
import { changeNote, dropNote, type Note, type Notes, readNotes, writeNote } from "./notes.ts";
import { numberOf } from "./number.ts";
import { noActions, page } from "./pages.ts";
import { invalid, refuse, unknown } from "./refusal.ts";

export const firewallRoutes = (face: Face): readonly Route[] => [
  ["GET", "/v1/firewalls", (call) => many(face, call)],
  ["POST", "/v1/firewalls", (call) => create(face, call)],
  ["GET", "/v1/firewalls/:id", (call, id = "") => told(face, call, id)],
  ["PUT", "/v1/firewalls/:id", (call, id = "") => update(face, call, id)],
  ["DELETE", "/v1/firewalls/:id", (call, id = "") => remove(face, call, id)],
  ["GET", "/v1/firewalls/:id/actions", async (call, id = "") => noActions(call, await single(face, call, id))],
  ["POST", "/v1/firewalls/:id/actions/:command", (call, id = "", command = "") => act(face, call, id, command)],
];

const nameOf = (firewall: V2Firewall, notes: Notes): string => notes.of(noteKey(firewall)).name ?? firewall.name;

function body(firewall: V2Firewall, notes: Notes): object {
  const note = notes.of(noteKey(firewall));
  return {
    id: numberOf(firewall.id),
    name: nameOf(firewall, notes),
    labels: note.labels,
    created: time(firewall.created_at),
    rules: shown(firewall, note.descriptions ?? {}),
    applied_to: appliedTo(firewall, note),
  };
}

function appliedTo({ droplet_ids }: V2Firewall, { selectors = [], direct }: Note): readonly object[] {
  const server = (id: number): object => ({ type: "server", server: { id } });
  return [
    ...(selectors.length === 0 ? droplet_ids : (direct ?? [])).map(server),
    ...selectors.map((selector) => ({
      type: "label_selector",
      label_selector: { selector },
      applied_to_resources: droplet_ids.map(server),
    })),
  ];
}

async function many(face: Face, call: Call): Promise<Reply> {
  face.cloud.behind("hetzner follow", () => follow(face, call));
  const [all, notes] = await Promise.all([firewalls(face, call), readNotes(face.cloud)]);
  return page(
    call,
    "firewalls",
    all.map((firewall) => body(firewall, notes)),
  );
}

async function single(face: Face, call: Call, id: string): Promise<V2Firewall> {
  const found = (await firewalls(face, call)).find((firewall) => String(numberOf(firewall.id)) === id);
  if (found === undefined) throw unknown("firewall", id);
  return found;
}

async function told(face: Face, call: Call, id: string, status = 200): Promise<Reply> {
  const [firewall, notes] = await Promise.all([single(face, call, id), readNotes(face.cloud)]);
  return { status, body: { firewall: body(firewall, notes) } };
}

const descriptionsOf = (rules: readonly Rule[]): Readonly<Record<string, string>> =>
  Object.fromEntries(rules.flatMap((rule) => (rule.description === null ? [] : [[textOf(rule), rule.description]])));

interface Resources {
  readonly servers: readonly number[];
  readonly selectors: readonly string[];
}

async function resourcesOf(face: Face, call: Call, given: unknown): Promise<Resources> {
  const all: readonly Record<string, { id?: unknown; selector?: unknown } | string>[] = Array.isArray(given)
    ? given
    : [];
  const of = (type: string): readonly { id?: unknown; selector?: unknown }[] =>
    all.flatMap((one) => (one["type"] === type && typeof one[type] === "object" ? [one[type]] : []));
  const selectors = of("label_selector").map((one) => {
    if (typeof one.selector !== "string") throw invalid("label_selector", "selector is needed");
    selector(one.selector);
    return one.selector;
  });
  const servers = await Promise.all(of("server").map(async ({ id }) => (await dropletOf(face, call, String(id))).id));
  return { servers, selectors };
}

async function create(face: Face, call: Call): Promise<Reply> {
  const { name } = call.body;
  if (typeof name !== "string" || name === "" || name.length > 128) throw invalid("name", "must not be empty");
  const rules = readRules(call.body["rules"]);
  const { servers: droplet_ids, selectors } = await resourcesOf(face, call, call.body["apply_to"]);
  const labels = readLabels(call.body["labels"]) ?? {};
  const firewall = await exclusively(`hetzner firewalls ${face.cloud.name}`, async () => {
    const [all, notes] = await Promise.all([firewalls(face, call), readNotes(face.cloud)]);
    if (all.some((other) => nameOf(other, notes) === name))
      throw refuse("uniqueness_error", "firewall name is already used");
    const plain = /^[a-zA-Z0-9][a-zA-Z0-9.-]*$/.test(name) && !all.some((other) => other.name === name);
    const under = plain ? name : `hetzner-${Date.now().toString(36)}`;
    const descriptions = descriptionsOf(rules);
    await writeNote(face.cloud, noteKey({ name: under }), () => ({
      labels,
      descriptions,
      selectors,
      direct: droplet_ids,
      ...(!plain && { name }),
    }));
    const asked = { name: under, droplet_ids, ...beneath(rules) };
    return (await face.inside.ask<{ firewall: V2Firewall }>(call, "POST", "/v2/firewalls", { body: asked })).firewall;
  });
  const number = numberOf(firewall.id);
  await follow(face, call);
  const { body: made } = await told(face, call, String(number));
  const actions = [done("set_firewall_rules", number), ...droplet_ids.map(() => done("apply_firewall", number))];
  return { status: 201, body: { ...made, actions } };
}

async function update(face: Face, call: Call, id: string): Promise<Reply> {
  const firewall = await single(face, call, id);
  await changeNote(face.cloud, noteKey(firewall), call.body, ["name"]);
  return told(face, call, id);
}

async function remove(face: Face, call: Call, id: string): Promise<Reply> {
  const firewall = await single(face, call, id);
  const { selectors = [] } = (await readNotes(face.cloud)).of(noteKey(firewall));
  if (firewall.droplet_ids.length + selectors.length > 0) throw refuse("resource_in_use", "firewall is still in use");
  await face.inside.ask(call, "DELETE", `/v2/firewalls/${firewall.id}`);
  await dropNote(face.cloud, noteKey(firewall));
  return { status: 204 };
}

async function act(face: Face, call: Call, id: string, command: string): Promise<Reply> {
  const firewall = await single(face, call, id);
  const number = numberOf(firewall.id);
  const path = `/v2/firewalls/${firewall.id}`;
  const began = (...actions: ActionBody[]): Reply => ({ status: 201, body: { actions } });
  switch (command) {
    case "set_rules": {
      const rules = readRules(call.body["rules"]);
      await writeNote(face.cloud, noteKey(firewall), (before) => ({ ...before, descriptions: descriptionsOf(rules) }));
      const { name, droplet_ids } = firewall;
      await face.inside.ask(call, "PUT", path, { body: { name, droplet_ids, ...beneath(rules) } });
      return began(done("set_firewall_rules", number));
    }
    case "apply_to_resources": {
      const { servers, selectors } = await resourcesOf(face, call, call.body["apply_to"]);
      const { selectors: before = [], direct = [] } = (await readNotes(face.cloud)).of(noteKey(firewall));
      if (servers.some((server) => direct.includes(server)) || selectors.some((one) => before.includes(one)))
        throw refuse("firewall_already_applied", "firewall is already applied to the resource");
      await writeNote(face.cloud, noteKey(firewall), (note) => ({
        ...note,
        selectors: [...(note.selectors ?? []), ...selectors],
        direct: [...(note.direct ?? []), ...servers],
      }));
      if (servers.length > 0)
        await face.inside.ask(call, "POST", `${path}/droplets`, { body: { droplet_ids: servers } });
      await follow(face, call);
      return began(done("apply_firewall", number));
    }
    case "remove_from_resources": {
      const { servers, selectors } = await resourcesOf(face, call, call.body["remove_from"]);
      const kept = await writeNote(face.cloud, noteKey(firewall), (note) => ({
        ...note,
        selectors: (note.selectors ?? []).filter((one) => !selectors.includes(one)),
        direct: (note.direct ?? []).filter((one) => !servers.includes(one)),
      }));
      // Without a selector left nothing follows any more: what none of the rest asks for goes here.
      const last = (kept.selectors ?? []).length === 0 && selectors.length > 0;
      const gone = last ? firewall.droplet_ids.filter((one) => !(kept.direct ?? []).includes(one)) : servers;
      if (gone.length > 0) await face.inside.ask(call, "DELETE", `${path}/droplets`, { body: { droplet_ids: gone } });
      await follow(face, call);
      return began(done("remove_firewall", number));
    }
    default:
      throw refuse("unsupported_error", `the local cloud has no action '${command}' of firewalls`);
  }
}
