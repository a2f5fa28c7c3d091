import type { Call, Reply, Route } from "../http.ts";
import { type ActionBody, actionBody, done, instantAction, type V2Action } from "./action-bodies.ts";
import { find, serverTypes, sizeOf } from "./catalog.ts";
import { actionOf, actions, dropletOf, type Face } from "./face.ts";
import { createImage, findImage } from "./images.ts";
import { changePointer, readNotes, writeNote } from "./notes.ts";
import { page } from "./pages.ts";
import { invalid, refuse, unknown } from "./refusal.ts";
import { addressOf, noteKey } from "./server-bodies.ts";

export const actionRoutes = (face: Face): readonly Route[] => [
  ["GET", "/v1/actions", (call) => byIds(face, call)],
  ["GET", "/v1/actions/:id", (call, id = "") => one(face, call, id)],
  ["GET", "/v1/servers/actions", async (call) => page(call, "actions", await actions(face, call), ["id", "status"])],
  ["GET", "/v1/servers/actions/:id", (call, id = "") => one(face, call, id)],
  ["GET", "/v1/servers/:id/actions", (call, id = "") => ofServer(face, call, id)],
  ["GET", "/v1/servers/:id/actions/:action", (call, _id = "", action = "") => one(face, call, action)],
  ["POST", "/v1/servers/:id/actions/:command", (call, id = "", command = "") => start(face, call, id, command)],
  // Other resources have actions that are done at once only.
  ["GET", "/v1/images/:id/actions/:action", (call, _id = "", action = "") => one(face, call, action)],
  ["GET", "/v1/volumes/:id/actions/:action", (call, _id = "", action = "") => one(face, call, action)],
  ["GET", "/v1/firewalls/:id/actions/:action", (call, _id = "", action = "") => one(face, call, action)],
  ["GET", "/v1/floating_ips/:id/actions/:action", (call, _id = "", action = "") => one(face, call, action)],
];

async function action(face: Face, call: Call, id: string): Promise<ActionBody> {
  const instant = instantAction(Number(id), Date.now());
  if (instant !== undefined) return instant;
  try {
    return await actionOf(face, call, Number(id));
  } catch (error) {
    throw (error as { status?: number }).status === 404 ? unknown("action", id) : error;
  }
}

const one = async (face: Face, call: Call, id: string): Promise<Reply> => ({
  status: 200,
  body: { action: await action(face, call, id) },
});

/** The API lists the actions that are asked for by their ids, and no others. */
async function byIds(face: Face, call: Call): Promise<Reply> {
  const ids = call.query.getAll("id");
  if (ids.length === 0) throw invalid("id", "at least one is needed");
  const found = await Promise.all(ids.map((id) => action(face, call, id).catch(() => undefined)));
  return page(
    call,
    "actions",
    found.filter((each) => each !== undefined),
    ["status"],
  );
}

async function ofServer(face: Face, call: Call, id: string): Promise<Reply> {
  await dropletOf(face, call, id);
  const all = (await actions(face, call)).filter((each) => each.resources.some((one) => String(one.id) === id));
  return page(call, "actions", all, ["status"]);
}

const plain: Readonly<Record<string, string>> = {
  poweron: "power_on",
  poweroff: "power_off",
  shutdown: "shutdown",
  reboot: "reboot",
  reset: "power_cycle",
  enable_backup: "enable_backups",
  disable_backup: "disable_backups",
};

async function start(face: Face, call: Call, id: string, command: string): Promise<Reply> {
  const droplet = await dropletOf(face, call, id);
  const act = async (body: Readonly<Record<string, unknown>>): Promise<ActionBody> =>
    actionBody(
      (await face.inside.ask<{ action: V2Action }>(call, "POST", `/v2/droplets/${id}/actions`, { body })).action,
    );
  const began = (started: ActionBody, more: object = {}): Reply => ({
    status: 201,
    body: { action: started, ...more },
  });
  const type = plain[command];
  // Asked for what is so already, Hetzner has nothing to do; the other API refuses some of it.
  if (command === "poweron" && droplet.status === "active" && !droplet.locked)
    return began(done("start_server", droplet.id));
  if (droplet.status === "off" && !droplet.locked) {
    if (command === "poweroff") return began(done("stop_server", droplet.id));
    if (command === "shutdown") return began(done("shutdown_server", droplet.id));
  }
  if (type !== undefined) return began(await act({ type }));
  const key = noteKey(droplet);
  switch (command) {
    case "change_protection": {
      const { delete: deletion, rebuild } = call.body;
      if (typeof deletion === "boolean" && typeof rebuild === "boolean" && deletion !== rebuild)
        throw invalid("delete", "must be the same as rebuild");
      await writeNote(face.cloud, key, (before) => ({
        ...before,
        ...(typeof deletion === "boolean" && { delete: deletion }),
        ...(typeof rebuild === "boolean" && { rebuild }),
      }));
      return began(done("change_server_protection", droplet.id));
    }
    case "rebuild": {
      if ((await readNotes(face.cloud)).of(key).rebuild === true)
        throw refuse("protected", "server rebuild is protected");
      const image = await findImage(face, call, call.body["image"]);
      if (image === undefined) throw invalid("image", "unknown image");
      return began(await act({ type: "rebuild", image }), { root_password: null });
    }
    case "create_image":
      return began(...(await createImage(face, call, droplet)));
    case "change_type": {
      const wanted = find(serverTypes, call.body["server_type"]);
      if (wanted === undefined) throw invalid("server_type", "unknown server type");
      if (droplet.status !== "off") throw refuse("server_not_stopped", "server must be stopped");
      return began(await act({ type: "resize", size: sizeOf(wanted), disk: call.body["upgrade_disk"] === true }));
    }
    case "change_dns_ptr":
      await changePointer(face.cloud, key, call.body, addressOf(droplet, "public"));
      return began(done("change_dns_ptr", droplet.id));
    default:
      throw refuse("unsupported_error", `the local cloud has no action '${command}' of servers`);
  }
}
