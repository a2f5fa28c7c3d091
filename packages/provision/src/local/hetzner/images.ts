import type { Call, Reply, Route } from "../http.ts";
import { type ActionBody, done } from "./action-bodies.ts";
import { type Face, settled } from "./face.ts";
import { imageBody, imageKey, type V2Image } from "./image-bodies.ts";
import { readLabels } from "./labels.ts";
import { changeNote, dropNote, readNotes, writeNote } from "./notes.ts";
import { noActions, page } from "./pages.ts";
import { refuse, unknown } from "./refusal.ts";
import type { V2Droplet } from "./server-bodies.ts";

type Body = Readonly<Record<string, unknown>>;

export const imageRoutes = (face: Face): readonly Route[] => [
  [
    "GET",
    "/v1/images",
    async (call) => page(call, "images", await images(face, call), ["type", "status", "architecture"]),
  ],
  ["GET", "/v1/images/:id", async (call, id = "") => told(await one(face, call, id))],
  ["PUT", "/v1/images/:id", (call, id = "") => update(face, call, id)],
  ["DELETE", "/v1/images/:id", (call, id = "") => remove(face, call, id)],
  ["GET", "/v1/images/:id/actions", async (call, id = "") => noActions(call, await one(face, call, id))],
  ["POST", "/v1/images/:id/actions/change_protection", (call, id = "") => protect(face, call, id)],
];

const told = (image: object): Reply => ({ status: 200, body: { image } });

async function images(face: Face, call: Call): Promise<readonly Body[]> {
  const [system, own, notes] = await Promise.all([
    face.inside.list<V2Image>(call, "/v2/images", "images", { type: "distribution" }),
    face.inside.list<V2Image>(call, "/v2/images", "images", { private: "true" }),
    readNotes(face.cloud),
  ]);
  return [...system, ...own].map((image) => imageBody(image, notes));
}

async function one(face: Face, call: Call, id: string): Promise<Body> {
  const found = (await images(face, call)).find((image) => String(image["id"]) === id);
  if (found === undefined) throw unknown("image", id);
  return found;
}

/** The other API's number of an image that is given by number or name. */
export async function findImage(face: Face, call: Call, given: unknown): Promise<number | undefined> {
  if (typeof given !== "string" && typeof given !== "number") return undefined;
  const all = await images(face, call);
  const found = all.find((image) => String(image["id"]) === String(given) || image["name"] === given);
  return found === undefined ? undefined : Number(found["id"]);
}

/** Makes an image of a server. It is answered when the image is there: the other API tells of none before. */
export async function createImage(
  face: Face,
  call: Call,
  droplet: V2Droplet,
): Promise<[action: ActionBody, more: { readonly image: object }]> {
  const labels = readLabels(call.body["labels"]) ?? {};
  const { description } = call.body;
  const name = typeof description === "string" && description.trim() !== "" ? description : `${droplet.name} snapshot`;
  const own = async (): Promise<readonly V2Image[]> =>
    face.inside.list<V2Image>(call, "/v2/images", "images", { private: "true" });
  const before = new Set((await own()).map((image) => image.id));
  const action = await settled(face, call, `/v2/droplets/${droplet.id}/actions`, { type: "snapshot", name });
  const made = (await own()).find((image) => !before.has(image.id) && image.name === name);
  if (made === undefined) throw refuse("service_error", "the image is not there");
  await writeNote(face.cloud, imageKey(made.id), () => ({ labels, description: name }));
  return [action, { image: imageBody(made, await readNotes(face.cloud)) }];
}

async function update(face: Face, call: Call, id: string): Promise<Reply> {
  const image = await one(face, call, id);
  await changeNote(face.cloud, imageKey(Number(image["id"])), call.body, ["description"]);
  return told(await one(face, call, id));
}

async function remove(face: Face, call: Call, id: string): Promise<Reply> {
  const image = await one(face, call, id);
  if (image["type"] === "system") throw refuse("unsupported_error", "system images cannot be deleted");
  if ((image["protection"] as { delete: boolean }).delete) throw refuse("protected", "image deletion is protected");
  await face.inside.ask(call, "DELETE", `/v2/images/${id}`);
  await dropNote(face.cloud, imageKey(Number(image["id"])));
  return { status: 204 };
}

async function protect(face: Face, call: Call, id: string): Promise<Reply> {
  const image = await one(face, call, id);
  const { delete: on } = call.body;
  await writeNote(face.cloud, imageKey(Number(image["id"])), (before) => ({ ...before, delete: on === true }));
  return { status: 201, body: { action: done("change_image_protection", Number(image["id"])) } };
}
