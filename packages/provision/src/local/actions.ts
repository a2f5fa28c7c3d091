import { messageOf } from "@slipway/model";
import { actionBody, actionsOf } from "./bodies.ts";
import { type Call, notFound, page, type Reply, type Route, unprocessable } from "./http.ts";
import { exclusively } from "./lock.ts";
import { reservedActs } from "./reserved-actions.ts";
import { type Cloud, look } from "./state.ts";
import { containerName, type DropletRecord, newId, readStore, writeNote } from "./store.ts";
import { volumeActs } from "./volume-actions.ts";

const supported = ["power_on", "power_off", "shutdown", "reboot", "power_cycle", "rename"] as const;

/** The hostname characters of a droplet's name. */
export const validName = (name: unknown): name is string =>
  typeof name === "string" && /^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?$/.test(name);
export const badName = "Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)";

export const actionRoutes = (cloud: Cloud): readonly Route[] => [
  ["GET", "/v2/actions", async (call) => page(call, "actions", (await look(cloud)).actions.map(actionBody))],
  ["GET", "/v2/actions/:id", async (_call, id = "") => one(cloud, id)],
  ["GET", "/v2/droplets/:id/actions", (call, id = "") => ofDroplet(cloud, call, id)],
  ["GET", "/v2/droplets/:id/actions/:action", async (_call, _id = "", action = "") => one(cloud, action)],
  ["POST", "/v2/droplets/:id/actions", (call, id = "") => start(cloud, call, id)],
];

async function one(cloud: Cloud, id: string): Promise<Reply> {
  const action = (await look(cloud)).actions.find((other) => String(other.id) === id);
  if (action === undefined) throw notFound();
  return { status: 200, body: { action: actionBody(action) } };
}

async function ofDroplet(cloud: Cloud, call: Call, id: string): Promise<Reply> {
  const { droplets, actions } = await look(cloud);
  if (!droplets.some((droplet) => String(droplet.id) === id)) throw notFound();
  return page(call, "actions", actions.filter((action) => String(action.droplet) === id).map(actionBody));
}

async function start(cloud: Cloud, call: Call, id: string): Promise<Reply> {
  const type = String(call.body["type"]);
  const name = call.body["name"];
  if (!supported.some((known) => known === type)) throw unprocessable(`${type} is not an action of the local cloud.`);
  if (type === "rename" && !validName(name)) throw unprocessable(badName);
  const note = await exclusively(`pending ${id}`, async () => {
    const { droplets, actions } = await look(cloud);
    const droplet = droplets.find((other) => String(other.id) === id);
    if (droplet === undefined) throw notFound();
    if (actions.some((action) => action.droplet === droplet.id && action.status === "in-progress"))
      throw unprocessable("Droplet already has a pending event.");
    const data = { type, ...(type === "rename" ? { name: String(name) } : {}) };
    return writeNote(cloud.engine, cloud.name, { kind: "action", id: String(newId()), droplet: droplet.id, data });
  });
  const { droplets } = await readStore(cloud.engine, cloud.name);
  const begun = actionsOf(droplets, [note]).find((action) => String(action.id) === note.id);
  cloud.behind(`action ${note.id}`, () => perform(cloud, Number(note.id)));
  return { status: 201, body: { action: begun === undefined ? null : actionBody(begun) } };
}

/** Does what an action says and notes its end, unless somebody did. Doing it twice is harmless. */
export function perform(cloud: Cloud, id: number): Promise<void> {
  return exclusively(`action ${id}`, async () => {
    const { droplets, notes } = await readStore(cloud.engine, cloud.name);
    const action = actionsOf(droplets, notes).find((other) => other.id === id);
    const droplet = droplets.find((other) => other.id === action?.droplet);
    if (action === undefined || droplet === undefined || action.status !== "in-progress") return;
    let data: Record<string, string> = { status: "completed" };
    try {
      await act(cloud, droplet, action.type, action.data);
    } catch (error) {
      data = { status: "errored", message: messageOf(error) };
    }
    await writeNote(cloud.engine, cloud.name, { kind: "ended", id: String(id), droplet: droplet.id, data });
  });
}

async function act(
  cloud: Cloud,
  droplet: DropletRecord,
  type: string,
  data: Readonly<Record<string, string>>,
): Promise<void> {
  const container = `/containers/${droplet.container}`;
  const plumbed = volumeActs[type] ?? reservedActs[type];
  if (plumbed !== undefined) return plumbed(cloud, droplet, data);
  switch (type) {
    case "power_on":
      await cloud.engine.call("POST", `${container}/start`);
      return;
    case "power_off":
      // As pulling the plug: nothing on the machine is told.
      await cloud.engine.call("POST", `${container}/kill`, { accept: [409] });
      return;
    case "shutdown":
      await cloud.engine.call("POST", `${container}/stop`);
      return;
    case "reboot":
      await cloud.engine.call("POST", `${container}/restart`);
      return;
    case "power_cycle":
      await cloud.engine.call("POST", `${container}/restart`, { query: { t: 0 } });
      return;
    default: {
      const name = containerName(cloud.name, droplet.id, data["name"] ?? droplet.name);
      if (data["name"] !== droplet.name) await cloud.engine.call("POST", `${container}/rename`, { query: { name } });
    }
  }
}
