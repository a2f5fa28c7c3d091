import { messageOf } from "@slipway/model";
import { act } from "./act.ts";
import { type ActionData, readAction, typesByTag } from "./action-request.ts";
import { actionBody, actionsOf } from "./bodies.ts";
import { type Call, notFound, page, type Reply, type Route, unprocessable } from "./http.ts";
import { exclusively } from "./lock.ts";
import { readImages } from "./own-images.ts";
import { type Cloud, look, type View } from "./state.ts";
import { type DropletRecord, type Note, newId, readStore, writeNote } from "./store.ts";

export const actionRoutes = (cloud: Cloud): readonly Route[] => [
  ["GET", "/v2/actions", async (call) => page(call, "actions", (await look(cloud)).actions.map(actionBody))],
  ["GET", "/v2/actions/:id", async (_call, id = "") => one(cloud, id)],
  ["GET", "/v2/droplets/:id/actions", (call, id = "") => ofDroplet(cloud, call, id)],
  ["GET", "/v2/droplets/:id/actions/:action", async (_call, id = "", action = "") => one(cloud, action, id)],
  ["POST", "/v2/droplets/actions", (call) => startTagged(cloud, call)],
  ["POST", "/v2/droplets/:id/actions", (call, id = "") => startOne(cloud, call, id)],
];

async function one(cloud: Cloud, id: string, droplet?: string): Promise<Reply> {
  const action = (await look(cloud)).actions.find((other) => String(other.id) === id);
  if (action === undefined || (droplet !== undefined && String(action.droplet) !== droplet)) throw notFound();
  return { status: 200, body: { action: actionBody(action) } };
}

async function ofDroplet(cloud: Cloud, call: Call, id: string): Promise<Reply> {
  const { droplets, actions } = await look(cloud);
  if (!droplets.some((droplet) => String(droplet.id) === id)) throw notFound();
  return page(call, "actions", actions.filter((action) => String(action.droplet) === id).map(actionBody));
}

async function startOne(cloud: Cloud, call: Call, id: string): Promise<Reply> {
  const droplet = (await look(cloud)).droplets.find((other) => String(other.id) === id);
  if (droplet === undefined) throw notFound();
  return { status: 201, body: { action: await start(cloud, call, droplet.id) } };
}

async function startTagged(cloud: Cloud, call: Call): Promise<Reply> {
  const tag = call.query.get("tag_name");
  if (!typesByTag.some((type) => type === call.body["type"]))
    throw unprocessable(`${String(call.body["type"])} is not an action that can be done by tag.`);
  const tagged = (await look(cloud)).droplets.filter((droplet) => tag !== null && droplet.tags.includes(tag));
  const actions: object[] = [];
  for (const droplet of tagged) actions.push(await start(cloud, call, droplet.id));
  return { status: 201, body: { actions } };
}

/** Notes an action and begins it; nothing is noted when it is refused. Gives its body. */
async function start(cloud: Cloud, call: Call, id: number): Promise<object> {
  const offered = await cloud.offered();
  const begun = await exclusively(`pending ${id}`, async () => {
    const view = await look(cloud);
    const droplet = view.droplets.find((other) => other.id === id);
    if (droplet === undefined) throw notFound();
    const data = accepted(call, view, droplet, offered);
    return { droplet, note: await note(cloud, droplet, data) };
  });
  cloud.behind(`action ${begun.note.id}`, () => perform(cloud, Number(begun.note.id)));
  const [action] = actionsOf([], [begun.note]);
  return action === undefined ? {} : actionBody({ ...action, region: begun.droplet.region });
}

function accepted(
  call: Call,
  view: View,
  droplet: DropletRecord,
  offered: Awaited<ReturnType<Cloud["offered"]>>,
): ActionData {
  if (view.actions.some((action) => action.droplet === droplet.id && action.status === "in-progress"))
    throw unprocessable("Droplet already has a pending event.");
  const read = readAction(call.body, { droplet, offered, own: view.images, newId });
  if (typeof read["refused"] === "string") throw unprocessable(read["refused"]);
  return read;
}

const note = (cloud: Cloud, droplet: DropletRecord, data: ActionData): Promise<Note> =>
  writeNote(cloud.engine, cloud.name, { kind: "action", id: String(newId()), droplet: droplet.id, data });

/** Does what an action says and notes its end, unless somebody did. Doing it twice is harmless. */
export function perform(cloud: Cloud, id: number): Promise<void> {
  return exclusively(`action ${id}`, async () => {
    const { droplets, notes } = await readStore(cloud.engine, cloud.name);
    const action = actionsOf(droplets, notes).find((other) => other.id === id);
    const droplet = droplets.find((other) => other.id === action?.droplet);
    if (action === undefined || droplet === undefined || action.status !== "in-progress") return;
    let data: Record<string, string> = { status: "completed" };
    try {
      await act(cloud, { id, droplet, data: action.data, own: await readImages(cloud) });
    } catch (error) {
      data = { status: "errored", message: messageOf(error) };
    }
    await writeNote(cloud.engine, cloud.name, { kind: "ended", id: String(id), droplet: droplet.id, data });
  });
}
