import type { Call, Reply, Route } from "../http.ts";
import { exclusively } from "../lock.ts";
import { type ActionBody, done, time } from "./action-bodies.ts";
import { find, locationIn, locations, regionOf } from "./catalog.ts";
import { dropletOf, type Face, reservedIps, settled, type V2ReservedIp } from "./face.ts";
import { readLabels } from "./labels.ts";
import { changeNote, changePointer, dropNote, keyOf, type Notes, readNotes, writeNote } from "./notes.ts";
import { numberOf } from "./number.ts";
import { noActions, page } from "./pages.ts";
import { invalid, refuse, unknown } from "./refusal.ts";

export const floatingIpRoutes = (face: Face): readonly Route[] => [
  ["GET", "/v1/floating_ips", (call) => many(face, call)],
  ["POST", "/v1/floating_ips", (call) => create(face, call)],
  ["GET", "/v1/floating_ips/:id", (call, id = "") => told(face, call, id)],
  ["PUT", "/v1/floating_ips/:id", (call, id = "") => update(face, call, id)],
  ["DELETE", "/v1/floating_ips/:id", (call, id = "") => remove(face, call, id)],
  ["GET", "/v1/floating_ips/:id/actions", async (call, id = "") => noActions(call, await single(face, call, id))],
  ["POST", "/v1/floating_ips/:id/actions/:command", (call, id = "", command = "") => act(face, call, id, command)],
];

const noteKey = ({ ip }: { readonly ip: string }): string => keyOf("ip", ip);
const unborn = "ip-unborn";
const nameOf = (address: V2ReservedIp, notes: Notes): string =>
  notes.of(noteKey(address)).name ?? `floating-ip-${numberOf(address.ip)}`;

function body(address: V2ReservedIp, notes: Notes): object {
  const note = notes.of(noteKey(address));
  return {
    id: numberOf(address.ip),
    name: nameOf(address, notes),
    description: note.description ?? "",
    ip: address.ip,
    type: "ipv4",
    server: address.droplet?.id ?? null,
    dns_ptr: note.pointer === undefined ? [] : [{ ip: address.ip, dns_ptr: note.pointer }],
    home_location: locationIn(address.region.slug ?? ""),
    blocked: false,
    protection: { delete: note.delete ?? false },
    labels: note.labels,
    created: time(note.created ?? "2024-01-01T00:00:00Z"),
  };
}

/**
 * All addresses. They have no names in the other API, so the note of a new one waits until its address is known: one that was left waiting by a
 * process that ended belongs to the address that was not there before.
 */
async function all(face: Face, call: Call): Promise<{ addresses: readonly V2ReservedIp[]; notes: Notes }> {
  const notes = await readNotes(face.cloud);
  if (notes.all.has(unborn)) await exclusively(lock(face), () => born(face, call));
  else return { addresses: await reservedIps(face, call), notes };
  return { addresses: await reservedIps(face, call), notes: await readNotes(face.cloud) };
}

const lock = (face: Face): string => `hetzner addresses ${face.cloud.name}`;

async function born(face: Face, call: Call): Promise<void> {
  const notes = await readNotes(face.cloud);
  const waiting = notes.all.get(unborn);
  if (waiting === undefined) return;
  const { before = [], created: _, ...note } = waiting;
  const made = (await reservedIps(face, call)).find((one) => !before.includes(one.ip) && !notes.all.has(noteKey(one)));
  if (made !== undefined) await writeNote(face.cloud, noteKey(made), () => note);
  await dropNote(face.cloud, unborn);
}

async function many(face: Face, call: Call): Promise<Reply> {
  const { addresses, notes } = await all(face, call);
  return page(
    call,
    "floating_ips",
    addresses.map((address) => body(address, notes)),
  );
}

async function single(face: Face, call: Call, id: string): Promise<{ address: V2ReservedIp; notes: Notes }> {
  const { addresses, notes } = await all(face, call);
  const address = addresses.find((one) => String(numberOf(one.ip)) === id);
  if (address === undefined) throw unknown("floating_ip", id);
  return { address, notes };
}

async function told(face: Face, call: Call, id: string, status = 200): Promise<Reply> {
  const { address, notes } = await single(face, call, id);
  return { status, body: { floating_ip: body(address, notes) } };
}

async function create(face: Face, call: Call): Promise<Reply> {
  const { type, name, description, server } = call.body;
  if (type !== "ipv4") throw invalid("type", "the local cloud has ipv4 only");
  const droplet = typeof server === "number" ? await dropletOf(face, call, String(server)) : undefined;
  const location = find(locations, call.body["home_location"]);
  if (droplet === undefined && location === undefined)
    throw invalid("home_location", "either home_location or server is needed");
  const labels = readLabels(call.body["labels"]) ?? {};
  const region = location === undefined ? (droplet?.region.slug ?? "") : regionOf(location);
  const address = await exclusively(lock(face), async () => {
    await born(face, call);
    const [before, notes] = await Promise.all([reservedIps(face, call), readNotes(face.cloud)]);
    if (before.some((other) => nameOf(other, notes) === name))
      throw refuse("uniqueness_error", "floating IP name is already used");
    await writeNote(face.cloud, unborn, () => ({
      labels,
      before: before.map((one) => one.ip),
      ...(typeof name === "string" && name !== "" && { name }),
      ...(typeof description === "string" && { description }),
    }));
    try {
      const more = { body: { region } };
      return (await face.inside.ask<{ reserved_ip: V2ReservedIp }>(call, "POST", "/v2/reserved_ips", more)).reserved_ip;
    } finally {
      await born(face, call);
    }
  });
  if (droplet !== undefined) await assign(face, call, address.ip, droplet.id);
  const { body: made } = await told(face, call, String(numberOf(address.ip)));
  const action = droplet === undefined ? null : done("assign_floating_ip", numberOf(address.ip), droplet.id);
  return { status: 201, body: { ...made, action } };
}

const assign = (face: Face, call: Call, ip: string, droplet: number): Promise<unknown> =>
  settled(face, call, `/v2/reserved_ips/${ip}/actions`, { type: "assign", droplet_id: droplet });

async function update(face: Face, call: Call, id: string): Promise<Reply> {
  const { address } = await single(face, call, id);
  await changeNote(face.cloud, noteKey(address), call.body, ["name", "description"]);
  return told(face, call, id);
}

async function remove(face: Face, call: Call, id: string): Promise<Reply> {
  const { address, notes } = await single(face, call, id);
  if (notes.of(noteKey(address)).delete === true) throw refuse("protected", "floating IP deletion is protected");
  await face.inside.ask(call, "DELETE", `/v2/reserved_ips/${address.ip}`);
  await dropNote(face.cloud, noteKey(address));
  return { status: 204 };
}

async function act(face: Face, call: Call, id: string, command: string): Promise<Reply> {
  const { address } = await single(face, call, id);
  const began = (action: ActionBody): Reply => ({ status: 201, body: { action } });
  const number = numberOf(address.ip);
  switch (command) {
    case "assign": {
      const droplet = await dropletOf(face, call, String(call.body["server"]));
      await assign(face, call, address.ip, droplet.id);
      return began(done("assign_floating_ip", number, droplet.id));
    }
    case "unassign":
      if (address.droplet !== null)
        await settled(face, call, `/v2/reserved_ips/${address.ip}/actions`, { type: "unassign" });
      return began(done("unassign_floating_ip", number));
    case "change_protection": {
      const on = call.body["delete"] === true;
      await writeNote(face.cloud, noteKey(address), (before) => ({ ...before, delete: on }));
      return began(done("change_floating_ip_protection", number));
    }
    case "change_dns_ptr":
      await changePointer(face.cloud, noteKey(address), call.body, address.ip);
      return began(done("change_floating_ip_dns_ptr", number));
    default:
      throw refuse("unsupported_error", `the local cloud has no action '${command}' of floating IPs`);
  }
}
