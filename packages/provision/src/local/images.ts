import { distributions, images, regions } from "./catalog.ts";
import { type Call, notFound, page, Refusal, type Reply, type Route, unprocessable } from "./http.ts";
import { forgetActions, imageActionRoutes } from "./image-actions.ts";
import { ownImageBody, snapshotBody } from "./image-bodies.ts";
import { importImage } from "./import-image.ts";
import { exclusively } from "./lock.ts";
import {
  changeImage,
  dropImage,
  imageKind,
  importLock,
  importName,
  type OwnImage,
  ownImageName,
  readImages,
  sweepImages,
} from "./own-images.ts";
import { dropResource, putResource } from "./resources.ts";
import type { Cloud } from "./state.ts";
import { newId, stamp } from "./store.ts";
import { readTags } from "./tag-names.ts";
import { removeVolumeSnapshot, volumeSnapshot, volumeSnapshotBodies } from "./volume-snapshots.ts";

export const imageRoutes = (cloud: Cloud): readonly Route[] => [
  ["GET", "/v2/images", (call) => list(cloud, call)],
  ["POST", "/v2/images", (call) => add(cloud, call)],
  ["GET", "/v2/images/:id", (_call, id = "") => one(cloud, id)],
  ["PUT", "/v2/images/:id", (call, id = "") => change(cloud, call, id)],
  ["DELETE", "/v2/images/:id", (_call, id = "") => remove(cloud, Number(id))],
  ...imageActionRoutes(cloud),
  ["GET", "/v2/snapshots", (call) => snapshots(cloud, call)],
  ["GET", "/v2/snapshots/:id", (_call, id = "") => (isNumber(id) ? snapshot(cloud, id) : volumeSnapshot(cloud, id))],
  [
    "DELETE",
    "/v2/snapshots/:id",
    (_call, id = "") => (isNumber(id) ? remove(cloud, Number(id)) : removeVolumeSnapshot(cloud, id)),
  ],
];

/** Snapshots of droplets have numbers, those of volumes other ids. */
const isNumber = (id: string): boolean => /^\d+$/.test(id);

async function list(cloud: Cloud, call: Call): Promise<Reply> {
  const type = call.query.get("type");
  const tag = call.query.get("tag_name");
  const own = await readImages(cloud);
  const base = await cloud.offered();
  const shown =
    tag !== null
      ? own.filter((image) => image.tags.includes(tag)).map(ownImageBody)
      : call.query.get("private") === "true"
        ? own.map(ownImageBody)
        : type === "distribution"
          ? base
          : type === "application"
            ? []
            : [...base, ...own.map(ownImageBody)];
  return page(call, "images", shown);
}

async function find(cloud: Cloud, id: string): Promise<OwnImage> {
  const found = (await readImages(cloud)).find((image) => String(image.id) === id);
  if (found === undefined) throw notFound();
  return found;
}

async function one(cloud: Cloud, id: string): Promise<Reply> {
  const base = (await cloud.offered()).find((image) => image.slug === id || String(image.id) === id);
  return { status: 200, body: { image: base ?? ownImageBody(await find(cloud, id)) } };
}

const text = (given: unknown): given is string => typeof given === "string" && given.trim() !== "";
const known = (given: unknown): string => distributions.find((name) => name === given) ?? "Unknown";

async function add(cloud: Cloud, call: Call): Promise<Reply> {
  const { name, url, region, description, distribution } = call.body;
  if (!text(name)) throw unprocessable("Name can't be blank");
  if (!text(url) || !URL.canParse(url) || !/^https?:/.test(url)) throw unprocessable("Url is not a valid URL");
  if (!regions.some((one) => one.slug === region)) throw unprocessable("Region is invalid");
  const id = newId();
  const data = {
    name,
    url,
    type: "custom" as const,
    distribution: known(distribution),
    regions: [String(region)],
    minDisk: 0,
    description: text(description) ? description : "",
    tags: readTags(call.body["tags"]),
    droplet: 0,
    createdAt: stamp(),
  };
  await putResource(cloud, imageKind, String(id), data);
  cloud.behind(`import ${id}`, () => importImage(cloud, id));
  return { status: 202, body: { image: ownImageBody({ ...data, id, status: "NEW", gigabytes: null }) } };
}

async function change(cloud: Cloud, call: Call, id: string): Promise<Reply> {
  if (images.some((image) => String(image.id) === id || image.slug === id))
    throw new Refusal(403, "forbidden", "You do not have access for the attempted action.");
  const image = await find(cloud, id);
  const { name, description, distribution } = call.body;
  const custom = image.type === "custom";
  const changed = {
    name: text(name) ? name : image.name,
    ...(custom && typeof description === "string" && { description }),
    ...(custom && distribution !== undefined && { distribution: known(distribution) }),
  };
  await changeImage(cloud, image, changed);
  return { status: 200, body: { image: ownImageBody({ ...image, ...changed }) } };
}

async function remove(cloud: Cloud, id: number): Promise<Reply> {
  if (images.some((image) => image.id === id))
    throw new Refusal(403, "forbidden", "You do not have access for the attempted action.");
  await find(cloud, String(id));
  await removeImage(cloud, id);
  return { status: 204 };
}

/** Removes an image of the account's own; gone already is as good. */
export async function removeImage(cloud: Cloud, id: number): Promise<void> {
  await exclusively(importLock(cloud, id), async () => {
    for (const name of [ownImageName(cloud.name, id), importName(cloud, id)]) await dropImage(cloud, name);
    await dropResource(cloud, imageKind, String(id));
  });
  await forgetActions(cloud, id);
  cloud.behind("sweep images", () => sweepImages(cloud));
}

const isSnapshot = (image: OwnImage): boolean => image.type === "snapshot" && image.status === "available";

async function snapshots(cloud: Cloud, call: Call): Promise<Reply> {
  const type = call.query.get("resource_type");
  const own = type === "volume" ? [] : (await readImages(cloud)).filter(isSnapshot);
  const ofVolumes = type === "droplet" ? [] : await volumeSnapshotBodies(cloud);
  return page(call, "snapshots", [...own.map(snapshotBody), ...ofVolumes]);
}

async function snapshot(cloud: Cloud, id: string): Promise<Reply> {
  const image = await find(cloud, id);
  if (!isSnapshot(image)) throw notFound();
  return { status: 200, body: { snapshot: snapshotBody(image) } };
}
