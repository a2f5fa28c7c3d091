import { regions } from "./catalog.ts";
import { type Call, notFound, page, type Reply, type Route, unprocessable } from "./http.ts";
import { changeImage, type OwnImage, readImages } from "./own-images.ts";
import { dropResource, putResource, readResources } from "./resources.ts";
import type { Cloud } from "./state.ts";
import { newId } from "./store.ts";

const kind = "image-action";

interface ImageAction {
  readonly image: number;
  readonly type: "convert" | "transfer";
  readonly region: string;
  readonly startedAt: string;
}

export const imageActionRoutes = (cloud: Cloud): readonly Route[] => [
  ["GET", "/v2/images/:id/actions", (call, id = "") => list(cloud, call, id)],
  ["POST", "/v2/images/:id/actions", (call, id = "") => start(cloud, call, id)],
  ["GET", "/v2/images/:id/actions/:action", (_call, id = "", action = "") => single(cloud, id, action)],
];

const actionBody = (id: number, action: ImageAction, done: boolean): object => ({
  id,
  status: done ? "completed" : "in-progress",
  type: action.type,
  started_at: action.startedAt,
  completed_at: done ? action.startedAt : null,
  resource_id: action.image,
  resource_type: "image",
  region: regions.find((region) => region.slug === action.region),
  region_slug: action.region,
});

/** The document describes an action itself and shows an object that has it; there are clients for either. */
const bothWays = (action: object): object => ({ ...action, action });

async function find(cloud: Cloud, id: string): Promise<OwnImage> {
  const found = (await readImages(cloud)).find((image) => String(image.id) === id);
  if (found === undefined) throw notFound();
  return found;
}

async function done(cloud: Cloud, image: OwnImage): Promise<{ id: string; shown: object }[]> {
  const all = await readResources<ImageAction>(cloud, kind);
  return all
    .filter(({ data }) => data.image === image.id)
    .map(({ id, data }) => ({ id, shown: actionBody(Number(id), data, true) }))
    .toReversed();
}

/** Forgets what was done to an image that is gone. */
export async function forgetActions(cloud: Cloud, image: number): Promise<void> {
  for (const { id, data } of await readResources<ImageAction>(cloud, kind))
    if (data.image === image) await dropResource(cloud, kind, id);
}

async function list(cloud: Cloud, call: Call, id: string): Promise<Reply> {
  const all = await done(cloud, await find(cloud, id));
  return page(
    call,
    "actions",
    all.map(({ shown }) => shown),
  );
}

async function single(cloud: Cloud, id: string, action: string): Promise<Reply> {
  const found = (await done(cloud, await find(cloud, id))).find((one) => one.id === action);
  if (found === undefined) throw notFound();
  return { status: 200, body: bothWays(found.shown) };
}

async function start(cloud: Cloud, call: Call, id: string): Promise<Reply> {
  const image = await find(cloud, id);
  const { type, region } = call.body;
  const startedAt = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  if (image.status !== "available") throw unprocessable("Image is not available.");
  if (type === "convert") {
    if (image.type !== "backup") throw unprocessable("Only a backup can be converted to a snapshot.");
    await changeImage(cloud, image, { type: "snapshot" });
  } else if (type === "transfer") {
    if (!regions.some((one) => one.slug === region)) throw unprocessable("Region is invalid");
    if (image.regions.includes(String(region))) throw unprocessable("Image is already available in this region.");
    await changeImage(cloud, image, { regions: [...image.regions, String(region)] });
  } else throw unprocessable(`${String(type)} is not an action of an image.`);
  const action = {
    image: image.id,
    type,
    region: typeof region === "string" ? region : (image.regions[0] ?? ""),
    startedAt,
  } as const;
  const number = newId();
  await putResource(cloud, kind, String(number), action);
  return { status: 201, body: bothWays(actionBody(number, action, false)) };
}
