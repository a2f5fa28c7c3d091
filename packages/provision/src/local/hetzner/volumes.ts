import type { Call, Reply, Route } from "../http.ts";
import { exclusively } from "../lock.ts";
import { type ActionBody, done, time } from "./action-bodies.ts";
import { find, locationIn, locations, regionOf } from "./catalog.ts";
import { dropletOf, type Face, settled, type V2Volume, volumes } from "./face.ts";
import { readLabels } from "./labels.ts";
import { changeNote, dropNote, keyOf, type Notes, readNotes, writeNote } from "./notes.ts";
import { numberOf } from "./number.ts";
import { noActions, page } from "./pages.ts";
import { invalid, refuse, unknown } from "./refusal.ts";

const leastGb = 10;

export const volumeRoutes = (face: Face): readonly Route[] => [
  ["GET", "/v1/volumes", (call) => many(face, call)],
  ["POST", "/v1/volumes", (call) => create(face, call)],
  ["GET", "/v1/volumes/:id", (call, id = "") => told(face, call, id)],
  ["PUT", "/v1/volumes/:id", (call, id = "") => update(face, call, id)],
  ["DELETE", "/v1/volumes/:id", (call, id = "") => remove(face, call, id)],
  ["GET", "/v1/volumes/:id/actions", async (call, id = "") => noActions(call, await single(face, call, id))],
  ["POST", "/v1/volumes/:id/actions/:command", (call, id = "", command = "") => act(face, call, id, command)],
];

const noteKey = (volume: V2Volume): string => keyOf("volume", volume.name);
const nameOf = (volume: V2Volume, notes: Notes): string => notes.of(noteKey(volume)).name ?? volume.name;

function body(volume: V2Volume, notes: Notes): object {
  const note = notes.of(noteKey(volume));
  return {
    id: numberOf(volume.id),
    name: nameOf(volume, notes),
    server: volume.droplet_ids[0] ?? null,
    status: "available",
    location: locationIn(volume.region.slug ?? ""),
    size: volume.size_gigabytes,
    format: volume.filesystem_type === undefined || volume.filesystem_type === "" ? null : volume.filesystem_type,
    protection: { delete: note.delete ?? false },
    labels: note.labels,
    // What the machines of the local cloud have, by whichever API the volume was made.
    linux_device: `/dev/disk/by-id/scsi-0DO_Volume_${volume.name}`,
    created: time(volume.created_at),
  };
}

async function many(face: Face, call: Call): Promise<Reply> {
  const [all, notes] = await Promise.all([volumes(face, call), readNotes(face.cloud)]);
  return page(
    call,
    "volumes",
    all.map((volume) => body(volume, notes)),
    ["status"],
  );
}

async function single(face: Face, call: Call, id: string): Promise<V2Volume> {
  const found = (await volumes(face, call)).find((volume) => String(numberOf(volume.id)) === id);
  if (found === undefined) throw unknown("volume", id);
  return found;
}

async function told(face: Face, call: Call, id: string, status = 200): Promise<Reply> {
  const [volume, notes] = await Promise.all([single(face, call, id), readNotes(face.cloud)]);
  return { status, body: { volume: body(volume, notes) } };
}

async function create(face: Face, call: Call): Promise<Reply> {
  const { name, size, format, server } = call.body;
  if (typeof name !== "string" || name === "" || name.length > 64)
    throw invalid("name", "must have 1 to 64 characters");
  if (typeof size !== "number" || !Number.isInteger(size) || size < leastGb)
    throw invalid("size", `must be at least ${leastGb}`);
  if (format !== undefined && format !== null && format !== "ext4" && format !== "xfs")
    throw invalid("format", "must be ext4 or xfs");
  const droplet = typeof server === "number" ? await dropletOf(face, call, String(server)) : undefined;
  const location = find(locations, call.body["location"]);
  if (droplet === undefined && location === undefined) throw invalid("location", "either location or server is needed");
  const region = droplet?.region.slug ?? (location === undefined ? "" : regionOf(location));
  const labels = readLabels(call.body["labels"]) ?? {};
  const volume = await exclusively(`hetzner volumes ${face.cloud.name}`, async () => {
    const [all, notes] = await Promise.all([volumes(face, call), readNotes(face.cloud)]);
    if (all.some((other) => nameOf(other, notes) === name))
      throw refuse("uniqueness_error", "volume name is already used");
    // The other API takes fewer characters, and its names stay.
    const plain = /^[a-z][a-z0-9-]*[a-z0-9]$/.test(name) && !all.some((other) => other.name === name);
    const beneath = plain ? name : `hetzner-${Date.now().toString(36)}`;
    await writeNote(face.cloud, keyOf("volume", beneath), () => ({ labels, ...(!plain && { name }) }));
    const asked = {
      name: beneath,
      region,
      size_gigabytes: size,
      ...(typeof format === "string" && { filesystem_type: format }),
    };
    return (await face.inside.ask<{ volume: V2Volume }>(call, "POST", "/v2/volumes", { body: asked })).volume;
  });
  const number = numberOf(volume.id);
  const next: ActionBody[] = [];
  if (droplet !== undefined) {
    await attach(face, call, volume, droplet.id);
    next.push(done("attach_volume", number, droplet.id));
  }
  const { body: shown } = await told(face, call, String(number));
  return { status: 201, body: { ...shown, action: done("create_volume", number), next_actions: next } };
}

const attach = (face: Face, call: Call, volume: V2Volume, droplet: number): Promise<unknown> =>
  settled(face, call, `/v2/volumes/${volume.id}/actions`, {
    type: "attach",
    droplet_id: droplet,
    region: volume.region.slug,
  });

async function update(face: Face, call: Call, id: string): Promise<Reply> {
  const volume = await single(face, call, id);
  await changeNote(face.cloud, noteKey(volume), call.body, ["name"]);
  return told(face, call, id);
}

async function remove(face: Face, call: Call, id: string): Promise<Reply> {
  const volume = await single(face, call, id);
  const key = noteKey(volume);
  if ((await readNotes(face.cloud)).of(key).delete === true) throw refuse("protected", "volume deletion is protected");
  if (volume.droplet_ids.length > 0) throw refuse("resource_in_use", "volume is attached to a server");
  await face.inside.ask(call, "DELETE", `/v2/volumes/${volume.id}`);
  await dropNote(face.cloud, key);
  return { status: 204 };
}

async function act(face: Face, call: Call, id: string, command: string): Promise<Reply> {
  const volume = await single(face, call, id);
  const number = numberOf(volume.id);
  const path = `/v2/volumes/${volume.id}/actions`;
  const region = volume.region.slug;
  const began = (action: ActionBody): Reply => ({ status: 201, body: { action } });
  switch (command) {
    case "attach": {
      const droplet = await dropletOf(face, call, String(call.body["server"]));
      if (volume.droplet_ids.length > 0) throw refuse("volume_already_attached", "volume is already attached");
      await attach(face, call, volume, droplet.id);
      return began(done("attach_volume", number, droplet.id));
    }
    case "detach":
      for (const droplet of volume.droplet_ids)
        await settled(face, call, path, { type: "detach", droplet_id: droplet, region });
      return began(done("detach_volume", number));
    case "resize": {
      const { size } = call.body;
      if (typeof size !== "number" || size <= volume.size_gigabytes)
        throw invalid("size", "must be greater than the current size");
      await settled(face, call, path, { type: "resize", size_gigabytes: size, region });
      return began(done("resize_volume", number));
    }
    case "change_protection": {
      const on = call.body["delete"] === true;
      await writeNote(face.cloud, noteKey(volume), (before) => ({ ...before, delete: on }));
      return began(done("change_volume_protection", number));
    }
    default:
      throw refuse("unsupported_error", `the local cloud has no action '${command}' of volumes`);
  }
}
