import { md5OfKey } from "../ssh-key.ts";
import { findImage, readPolicy } from "./action-request.ts";
import { dropletBody } from "./bodies.ts";
import { type BaseImage, regions, sizeOf, sizes } from "./catalog.ts";
import { type Call, notFound, page, type Reply, type Route, unprocessable } from "./http.ts";
import { dropletSnapshotBody } from "./image-bodies.ts";
import { badName, networkName, validName } from "./names.ts";
import type { OwnImage } from "./own-images.ts";
import { plumbingFor } from "./plumbing.ts";
import { privateLabel, withPrivateAddress } from "./private-network.ts";
import { removeDroplets } from "./remove-droplets.ts";
import { createHost } from "./start-container.ts";
import { boot, type Cloud, engineImage, look, type View } from "./state.ts";
import {
  cloudLabel,
  containerName,
  type DropletOptions,
  type DropletRecord,
  dropletLabels,
  type NewDroplet,
  type Note,
  newId,
} from "./store.ts";
import { readTags } from "./tag-names.ts";
import { readVolumes, type Volume } from "./volumes.ts";

const userDataBytes = 64 * 1024;
const namesAtOnce = 10;
export const dropletLimit = 25;

export const dropletRoutes = (cloud: Cloud): readonly Route[] => [
  ["GET", "/v2/droplets", (call) => many(cloud, call)],
  ["POST", "/v2/droplets", (call) => create(cloud, call)],
  ["DELETE", "/v2/droplets", (call) => destroyTagged(cloud, call)],
  ["GET", "/v2/droplets/:id", (_call, id = "") => single(cloud, id)],
  ["DELETE", "/v2/droplets/:id", (_call, id = "") => destroyOne(cloud, id)],
  ["GET", "/v2/droplets/:id/snapshots", (call, id = "") => saved(cloud, call, id, "snapshot")],
  ["GET", "/v2/droplets/:id/backups", (call, id = "") => saved(cloud, call, id, "backup")],
  ["GET", "/v2/droplets/:id/kernels", (call, id = "") => kernels(cloud, call, id)],
  ["GET", "/v2/droplets/:id/neighbors", (_call, id = "") => neighbors(cloud, id)],
  ["GET", "/v2/reports/droplet_neighbors_ids", () => neighborIds(cloud)],
];

const shown = (view: View, droplet: DropletRecord, volumes: readonly Volume[]): object =>
  dropletBody(
    droplet,
    view.actions.some((action) => action.droplet === droplet.id && action.status === "in-progress"),
    view.images,
    volumes.filter(({ data }) => data.droplet === droplet.id).map(({ id }) => id),
  );

const due = (at: string | undefined): boolean => at === undefined || new Date(at) <= new Date();

async function many(cloud: Cloud, call: Call): Promise<Reply> {
  const view = await look(cloud);
  const tag = call.query.get("tag_name");
  const name = call.query.get("name");
  const wanted = view.droplets.filter(
    (droplet) =>
      due(droplet.options.listedAt) &&
      (tag === null || droplet.tags.includes(tag)) &&
      (name === null || droplet.name === name),
  );
  // None has a GPU.
  const all = call.query.get("type") === "gpus" ? [] : wanted;
  const volumes = await readVolumes(cloud);
  return page(
    call,
    "droplets",
    all.map((droplet) => shown(view, droplet, volumes)),
  );
}

/** The droplet with this id, told as one that is not there while it is too young to be found. */
export async function findDroplet(cloud: Cloud, id: string): Promise<{ view: View; droplet: DropletRecord }> {
  const view = await look(cloud);
  const droplet = view.droplets.find((one) => String(one.id) === id);
  if (droplet === undefined || !due(droplet.options.foundAt)) throw notFound();
  return { view, droplet };
}

async function single(cloud: Cloud, id: string): Promise<Reply> {
  const { view, droplet } = await findDroplet(cloud, id);
  return { status: 200, body: { droplet: shown(view, droplet, await readVolumes(cloud)) } };
}

async function saved(cloud: Cloud, call: Call, id: string, type: OwnImage["type"]): Promise<Reply> {
  const { view, droplet } = await findDroplet(cloud, id);
  const own = view.images.filter((image) => image.droplet === droplet.id && image.type === type);
  return page(call, `${type}s`, own.map(dropletSnapshotBody));
}

/** Each manages its own. */
async function kernels(cloud: Cloud, call: Call, id: string): Promise<Reply> {
  await findDroplet(cloud, id);
  return page(call, "kernels", []);
}

/** All of them are on this machine. */
async function neighbors(cloud: Cloud, id: string): Promise<Reply> {
  const { view, droplet } = await findDroplet(cloud, id);
  const others = view.droplets.filter((one) => one.id !== droplet.id);
  const volumes = await readVolumes(cloud);
  return { status: 200, body: { droplets: others.map((one) => shown(view, one, volumes)) } };
}

async function neighborIds(cloud: Cloud): Promise<Reply> {
  const ids = (await look(cloud)).droplets.map((droplet) => droplet.id);
  return { status: 200, body: { neighbor_ids: ids.length > 1 ? [ids] : [] } };
}

async function create(cloud: Cloud, call: Call): Promise<Reply> {
  const { body } = call;
  const several = Array.isArray(body["names"]);
  const names: readonly unknown[] = Array.isArray(body["names"]) ? body["names"] : [body["name"]];
  if (names.length === 0 || !names.every(validName)) throw unprocessable(badName);
  const view = await look(cloud);
  const asked = readNew(body, view, await cloud.offered());
  if (view.droplets.length + names.length > dropletLimit)
    throw unprocessable("creating this/these droplet(s) will exceed your droplet limit");
  if (names.length > namesAtOnce) throw unprocessable(`Only ${namesAtOnce} Droplets may be created at a time.`);
  const image = await engineImage(cloud, asked.image);
  const { vpc, volumes } = await plumbingFor(cloud, body, asked.region, names.length);
  const made = await Promise.all(names.map((name) => build(cloud, { ...asked, name, volumes }, { image, vpc })));
  const links = made.map((droplet) => ({
    id: droplet.createAction,
    rel: several ? "multiple_create" : "create",
    href: `${call.base}/v2/actions/${droplet.createAction}`,
  }));
  const bodies = made.map((droplet) => dropletBody(droplet, true, view.images));
  const which = several ? { droplets: bodies } : { droplet: bodies[0] };
  return { status: 202, body: { ...which, links: { actions: links } } };
}

/** What the droplets of a request have in common. Throws the refusal of one that cannot be. */
function readNew(body: Call["body"], view: View, offered: readonly BaseImage[]): Omit<NewDroplet, "name" | "volumes"> {
  const size = sizes.find((one) => one.slug === body["size"]);
  if (size === undefined) throw unprocessable("You specified an invalid size for Droplet creation.");
  const where = body["region"] ?? regions[0]?.slug;
  // `nyc` is any of nyc1, nyc2, nyc3.
  const region = regions.find((one) => one.slug === where || one.slug.replace(/\d+$/, "") === where);
  if (region === undefined) throw unprocessable("You specified an invalid region for Droplet creation.");
  const image = findImage(body["image"], { offered, own: view.images });
  if (image === undefined) throw unprocessable("You specified an invalid image for Droplet creation.");
  if (!image.regions.includes(region.slug)) throw unprocessable("The image is not available in the selected region.");
  if (image.minDisk > size.disk) throw unprocessable("The image needs a larger disk than that of the size.");
  const userData = body["user_data"] ?? "";
  if (typeof userData !== "string" || Buffer.byteLength(userData) > userDataBytes)
    throw unprocessable("User data must be plain text of at most 64 KiB.");
  const backups = body["backups"] === true ? readPolicy(body["backup_policy"]) : null;
  if (backups === undefined) throw unprocessable("The backup policy is invalid.");
  const options: DropletOptions = {
    disk: size.disk,
    ...(backups !== null && { backups }),
    ...(body["ipv6"] === true && { ipv6: true }),
    ...(body["monitoring"] === true && { monitoring: true }),
    ...(body["with_droplet_agent"] === true && { agent: true }),
  };
  const tags = readTags(body["tags"]);
  const rootKeys = findKeys(view.notes, body["ssh_keys"]);
  return { region: region.slug, size: size.slug, image: image.name, tags, rootKeys, userData, options };
}

function findKeys(notes: readonly Note[], given: unknown): readonly string[] {
  const wanted: readonly unknown[] = Array.isArray(given) ? given : [];
  return wanted.map((key) => {
    const found = notes.find(
      (note) =>
        note.kind === "key" &&
        (note.id.split("-")[0] === String(key) || md5OfKey(note.data["public_key"] ?? "") === key),
    );
    if (found === undefined) throw unprocessable(`${String(key)} are invalid key identifiers for Droplet creation.`);
    return found.data["public_key"] ?? "";
  });
}

async function build(
  cloud: Cloud,
  asked: NewDroplet,
  { image, vpc }: { readonly image: string; readonly vpc: { readonly id: string; readonly range?: string } },
): Promise<DropletRecord> {
  const ids = { id: newId(), action: newId() };
  const { listedMs, foundMs, sshMs } = cloud.ofNewDroplet();
  const later = (ms: number): string => new Date(Date.now() + ms).toISOString();
  const options: DropletOptions = {
    ...asked.options,
    ...(listedMs !== undefined && { listedAt: later(listedMs) }),
    ...(foundMs !== undefined && { foundAt: later(foundMs) }),
    ...(sshMs !== undefined && { sshLateMs: sshMs }),
  };
  const droplet = { ...asked, options };
  const labels = dropletLabels(cloud.name, ids, droplet);
  // A droplet learns of it when it is made.
  await cloud.gatewayImage();
  const made = await withPrivateAddress(cloud, vpc, async (holding) => {
    const all = { ...labels, ...holding };
    const host = await createHost(cloud.engine, {
      container: containerName(cloud.name, ids.id, droplet.name),
      hostname: droplet.name,
      image,
      network: networkName(cloud.name),
      networkLabels: { [cloudLabel]: cloud.name },
      labels: all,
      limits: sizeOf(droplet.size),
    });
    return { ...host, labels: all };
  });
  cloud.behind(`boot ${ids.id}`, () => boot(cloud, ids.id));
  return {
    ...droplet,
    id: ids.id,
    createAction: ids.action,
    container: made.id,
    address: made.address,
    status: "new",
    createdAt: labels["slipway.created"] ?? "",
    labels: made.labels,
    vpc: vpc.id,
    privateAddress: made.labels[privateLabel] ?? "",
    generation: 1,
    madeBy: 0,
    booted: false,
    next: undefined,
  };
}

async function destroyOne(cloud: Cloud, id: string): Promise<Reply> {
  const { view, droplet } = await findDroplet(cloud, id);
  await removeDroplets(cloud, view, [droplet]);
  return { status: 204 };
}

async function destroyTagged(cloud: Cloud, call: Call): Promise<Reply> {
  const tag = call.query.get("tag_name");
  if (tag === null) throw unprocessable("tag_name is needed.");
  const view = await look(cloud);
  await removeDroplets(
    cloud,
    view,
    view.droplets.filter((droplet) => droplet.tags.includes(tag)),
  );
  return { status: 204 };
}
