import { randomBytes } from "node:crypto";
import type { Call, Reply, Route } from "../http.ts";
import { exclusively } from "../lock.ts";
import { done } from "./action-bodies.ts";
import { find, locations, regionOf, serverTypes, sizeOf } from "./catalog.ts";
import { actionOf, around, dropletOf, droplets, type Face, firewalls, serverOf, volumes } from "./face.ts";
import { follow } from "./follow.ts";
import { findImage } from "./images.ts";
import { type Labels, readLabels } from "./labels.ts";
import { dropNote, readNotes, writeNote } from "./notes.ts";
import { numberOf } from "./number.ts";
import { page } from "./pages.ts";
import { invalid, refuse } from "./refusal.ts";
import { noteKey, noteTag, serverBody, type V2Droplet } from "./server-bodies.ts";

const userDataBytes = 32 * 1024;
/** A note whose server was not made in this time never gets one. */
const orphanMs = 600_000;

export const serverRoutes = (face: Face): readonly Route[] => [
  ["GET", "/v1/servers", (call) => many(face, call)],
  ["POST", "/v1/servers", (call) => create(face, call)],
  [
    "GET",
    "/v1/servers/:id",
    async (call, id = "") => ({ status: 200, body: { server: await serverOf(face, call, id) } }),
  ],
  ["PUT", "/v1/servers/:id", (call, id = "") => update(face, call, id)],
  ["DELETE", "/v1/servers/:id", (call, id = "") => remove(face, call, id)],
];

async function many(face: Face, call: Call): Promise<Reply> {
  const [all, more] = await Promise.all([droplets(face, call), around(face, call)]);
  sweep(face, all, more.notes.all);
  face.cloud.behind("hetzner follow", () => follow(face, call));
  return page(
    call,
    "servers",
    all.map((droplet) => serverBody(droplet, more)),
    ["status"],
  );
}

/** Clears away what creations that were cut off left behind. */
function sweep(face: Face, all: readonly V2Droplet[], notes: ReadonlyMap<string, { created?: string }>): void {
  const held = new Set(all.map(noteKey));
  for (const [key, { created = "" }] of notes)
    if (key.startsWith("server-") && !held.has(key) && Date.now() - Date.parse(created) > orphanMs)
      face.cloud.behind(`hetzner ${key}`, () => dropNote(face.cloud, key));
}

const validName = (name: unknown): name is string =>
  typeof name === "string" && /^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?$/.test(name);

function locationOf({ body }: Call): (typeof locations)[number] {
  const datacenter = body["datacenter"];
  const given = body["location"] ?? (typeof datacenter === "string" ? datacenter.split("-")[0] : datacenter);
  const location = given === undefined || given === null || given === "" ? locations[0] : find(locations, given);
  if (location === undefined) throw invalid("location", "unknown location");
  return location;
}

async function create(face: Face, call: Call): Promise<Reply> {
  const { body } = call;
  const { name } = body;
  if (!validName(name)) throw invalid("name", "must be a valid hostname");
  const type = find(serverTypes, body["server_type"]);
  if (type === undefined) throw invalid("server_type", "unknown server type");
  const location = locationOf(call);
  const image = await findImage(face, call, body["image"]);
  if (image === undefined) throw invalid("image", "unknown image");
  const userData = body["user_data"] ?? "";
  if (typeof userData !== "string" || Buffer.byteLength(userData) > userDataBytes)
    throw invalid("user_data", "must be text of at most 32 KiB");
  const labels = readLabels(body["labels"]) ?? {};
  const attached = await volumeIds(face, call);
  const behind = await firewallIds(face, call);
  const asked = {
    name,
    region: regionOf(location),
    size: sizeOf(type),
    image,
    user_data: userData,
    ssh_keys: body["ssh_keys"] ?? [],
    volumes: attached,
  };
  const { droplet, action } = await exclusively(`hetzner server ${face.cloud.name} ${name.toLowerCase()}`, async () => {
    if ((await droplets(face, call)).some((one) => one.name.toLowerCase() === name.toLowerCase()))
      throw refuse("uniqueness_error", "server name is already used");
    return make(face, call, asked, labels);
  });
  for (const firewall of behind)
    await face.inside.ask(call, "POST", `/v2/firewalls/${firewall}/droplets`, { body: { droplet_ids: [droplet.id] } });
  await follow(face, call);
  const wantsOff = body["start_after_create"] === false;
  if (wantsOff) face.cloud.behind(`hetzner off ${droplet.id}`, () => switchOff(face, call, droplet.id));
  const server = serverBody(droplet, await around(face, call));
  return {
    status: 201,
    body: {
      server,
      action: await actionOf(face, call, action),
      next_actions: wantsOff ? [] : [done("start_server", droplet.id)],
      root_password: null,
    },
  };
}

/** The note comes first: a server is never seen without its labels. */
async function make(
  face: Face,
  call: Call,
  asked: Readonly<Record<string, unknown>>,
  labels: Labels,
): Promise<{ droplet: V2Droplet; action: number }> {
  const id = randomBytes(10).toString("hex");
  const key = `server-${id}`;
  await writeNote(face.cloud, key, () => ({ labels }));
  try {
    const { droplet, links } = await face.inside.ask<{ droplet: V2Droplet; links: { actions: { id: number }[] } }>(
      call,
      "POST",
      "/v2/droplets",
      { body: { ...asked, tags: [noteTag(id)] } },
    );
    return { droplet, action: links.actions[0]?.id ?? 0 };
  } catch (error) {
    await dropNote(face.cloud, key);
    throw error;
  }
}

async function volumeIds(face: Face, call: Call): Promise<readonly string[]> {
  const given = call.body["volumes"];
  if (!Array.isArray(given) || given.length === 0) return [];
  const all = await volumes(face, call);
  return given.map((number: unknown) => {
    const found = all.find((one) => numberOf(one.id) === number);
    if (found === undefined) throw invalid("volumes", "unknown volume");
    return found.id;
  });
}

async function firewallIds(face: Face, call: Call): Promise<readonly string[]> {
  const given = call.body["firewalls"];
  if (!Array.isArray(given) || given.length === 0) return [];
  const all = await firewalls(face, call);
  return given.map((one: { firewall?: unknown }) => {
    const found = all.find((other) => numberOf(other.id) === one.firewall);
    if (found === undefined) throw invalid("firewalls", "unknown firewall");
    return found.id;
  });
}

/** Machines of the local cloud start by themselves when they are made. */
async function switchOff(face: Face, call: Call, id: number): Promise<void> {
  for (let tick = 0; tick < 600; tick += 1) {
    const { status } = await dropletOf(face, call, String(id));
    if (status !== "new") break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await face.inside.ask(call, "POST", `/v2/droplets/${id}/actions`, { body: { type: "power_off" } });
}

async function update(face: Face, call: Call, id: string): Promise<Reply> {
  const droplet = await dropletOf(face, call, id);
  const { name } = call.body;
  const labels = readLabels(call.body["labels"]);
  if (name !== undefined && name !== "" && name !== droplet.name) {
    if (!validName(name)) throw invalid("name", "must be a valid hostname");
    await exclusively(`hetzner server ${face.cloud.name} ${name.toLowerCase()}`, async () => {
      if (
        (await droplets(face, call)).some(
          (one) => one.id !== droplet.id && one.name.toLowerCase() === name.toLowerCase(),
        )
      )
        throw refuse("uniqueness_error", "server name is already used");
      await renamed(face, call, id, name);
    });
  }
  if (labels !== undefined) {
    await writeNote(face.cloud, noteKey(droplet), (before) => ({ ...before, labels }));
    await follow(face, call);
  }
  return { status: 200, body: { server: await serverOf(face, call, id) } };
}

/** Names change at once here, and by an action there. */
async function renamed(face: Face, call: Call, id: string, name: string): Promise<void> {
  await face.inside.ask(call, "POST", `/v2/droplets/${id}/actions`, { body: { type: "rename", name } });
  for (let tick = 0; tick < 100; tick += 1) {
    if ((await dropletOf(face, call, id)).name === name) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function remove(face: Face, call: Call, id: string): Promise<Reply> {
  const droplet = await dropletOf(face, call, id);
  const key = noteKey(droplet);
  if ((await readNotes(face.cloud)).of(key).delete === true) throw refuse("protected", "server deletion is protected");
  await face.inside.ask(call, "DELETE", `/v2/droplets/${id}`);
  await dropNote(face.cloud, key);
  return { status: 200, body: { action: done("delete_server", droplet.id) } };
}
