import { md5OfKey } from "../ssh-key.ts";
import { badName, validName } from "./actions.ts";
import { dropletBody } from "./bodies.ts";
import { findImage, type ImageSlug, regions, sizes } from "./catalog.ts";
import { type Call, notFound, page, type Reply, type Route, unprocessable } from "./http.ts";
import { plumbingFor, settleGone } from "./plumbing.ts";
import { privateLabel, withPrivateAddress } from "./private-network.ts";
import { removeNetworkOf } from "./reserved-ips.ts";
import { createHost, removeHost } from "./start-container.ts";
import { boot, type Cloud, look, type View } from "./state.ts";
import {
  cloudLabel,
  containerName,
  type DropletRecord,
  dropletLabels,
  type NewDroplet,
  type Note,
  newId,
  removeNote,
} from "./store.ts";
import { readVolumes, type Volume } from "./volumes.ts";

const userDataBytes = 64 * 1024;
export const dropletLimit = 25;
export const networkName = (cloud: string): string => `slipway-${cloud}`;

export const dropletRoutes = (cloud: Cloud): readonly Route[] => [
  ["GET", "/v2/droplets", (call) => many(cloud, call)],
  ["POST", "/v2/droplets", (call) => create(cloud, call)],
  ["DELETE", "/v2/droplets", (call) => destroyTagged(cloud, call)],
  ["GET", "/v2/droplets/:id", (_call, id = "") => single(cloud, id)],
  ["DELETE", "/v2/droplets/:id", (_call, id = "") => destroyOne(cloud, id)],
];

const shown = (view: View, droplet: DropletRecord, volumes: readonly Volume[]): object =>
  dropletBody(
    droplet,
    view.actions.some((action) => action.droplet === droplet.id && action.status === "in-progress"),
    volumes.filter(({ data }) => data.droplet === droplet.id).map(({ id }) => id),
  );

async function many(cloud: Cloud, call: Call): Promise<Reply> {
  const view = await look(cloud);
  const tag = call.query.get("tag_name");
  const name = call.query.get("name");
  const wanted = view.droplets.filter(
    (droplet) => (tag === null || droplet.tags.includes(tag)) && (name === null || droplet.name === name),
  );
  const volumes = await readVolumes(cloud);
  return page(
    call,
    "droplets",
    wanted.map((droplet) => shown(view, droplet, volumes)),
  );
}

async function find(cloud: Cloud, id: string): Promise<{ view: View; droplet: DropletRecord }> {
  const view = await look(cloud);
  const droplet = view.droplets.find((one) => String(one.id) === id);
  if (droplet === undefined) throw notFound();
  return { view, droplet };
}

async function single(cloud: Cloud, id: string): Promise<Reply> {
  const { view, droplet } = await find(cloud, id);
  return { status: 200, body: { droplet: shown(view, droplet, await readVolumes(cloud)) } };
}

/** Tags are checked as DigitalOcean does; `null` stands for none. */
export function readTags(given: unknown): readonly string[] {
  const tags = given === undefined || given === null ? [] : given;
  if (!Array.isArray(tags)) throw unprocessable("Tags must be a list.");
  return tags.map((tag: unknown) => {
    if (typeof tag !== "string" || !/^[a-zA-Z0-9_:-]{1,255}$/.test(tag))
      throw unprocessable(`Tag name ${String(tag)} is invalid: only letters, numbers, colons, dashes and underscores.`);
    return tag;
  });
}

async function create(cloud: Cloud, call: Call): Promise<Reply> {
  const { body } = call;
  const names: readonly unknown[] = Array.isArray(body["names"]) ? body["names"] : [body["name"]];
  if (names.length === 0 || !names.every(validName)) throw unprocessable(badName);
  const size = sizes.find((one) => one.slug === body["size"]);
  if (size === undefined) throw unprocessable("You specified an invalid size for Droplet creation.");
  const region = regions.find((one) => one.slug === (body["region"] ?? regions[0]?.slug));
  if (region === undefined) throw unprocessable("You specified an invalid region for Droplet creation.");
  const image = findImage(body["image"]);
  if (image === undefined) throw unprocessable("You specified an invalid image for Droplet creation.");
  const userData = body["user_data"] ?? "";
  if (typeof userData !== "string" || Buffer.byteLength(userData) > userDataBytes)
    throw unprocessable("User data must be plain text of at most 64 KiB.");
  const tags = readTags(body["tags"]);
  const view = await look(cloud);
  if (view.droplets.length + names.length > dropletLimit)
    throw unprocessable("creating this/these droplet(s) will exceed your droplet limit");
  const rootKeys = findKeys(view.notes, body["ssh_keys"]);
  const { vpc, volumes } = await plumbingFor(cloud, body, region.slug, names.length);
  const made = await Promise.all(
    names.map((name) =>
      build(cloud, vpc, {
        name,
        region: region.slug,
        size: size.slug,
        image: image.slug,
        tags,
        rootKeys,
        userData,
        volumes,
      }),
    ),
  );
  const links = made.map((droplet) => ({
    id: droplet.createAction,
    rel: Array.isArray(body["names"]) ? "multiple_create" : "create",
    href: `${call.base}/v2/actions/${droplet.createAction}`,
  }));
  const bodies = made.map((droplet) => dropletBody(droplet, true));
  const which = Array.isArray(body["names"]) ? { droplets: bodies } : { droplet: bodies[0] };
  return { status: 202, body: { ...which, links: { actions: links } } };
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
  vpc: { readonly id: string; readonly range?: string },
  droplet: NewDroplet & { readonly image: ImageSlug },
): Promise<DropletRecord> {
  const ids = { id: newId(), action: newId() };
  const labels = dropletLabels(cloud.name, ids, droplet);
  const image = await cloud.image(droplet.image);
  const made = await withPrivateAddress(cloud, vpc, async (holding) => ({
    holding,
    ...(await createHost(cloud.engine, {
      container: containerName(cloud.name, ids.id, droplet.name),
      hostname: droplet.name,
      image,
      network: networkName(cloud.name),
      networkLabels: { [cloudLabel]: cloud.name },
      labels: { ...labels, ...holding },
    })),
  }));
  cloud.behind(`boot ${ids.id}`, () => boot(cloud, ids.id));
  return {
    ...droplet,
    id: ids.id,
    createAction: ids.action,
    container: made.id,
    address: made.address,
    status: "new",
    createdAt: labels["slipway.created"] ?? "",
    vpc: vpc.id,
    privateAddress: made.holding[privateLabel] ?? "",
  };
}

async function destroyOne(cloud: Cloud, id: string): Promise<Reply> {
  const { view, droplet } = await find(cloud, id);
  await destroy(cloud, view, [droplet]);
  return { status: 204 };
}

async function destroyTagged(cloud: Cloud, call: Call): Promise<Reply> {
  const tag = call.query.get("tag_name");
  if (tag === null) throw unprocessable("tag_name is needed.");
  const view = await look(cloud);
  await destroy(
    cloud,
    view,
    view.droplets.filter((droplet) => droplet.tags.includes(tag)),
  );
  return { status: 204 };
}

async function destroy(cloud: Cloud, view: View, droplets: readonly DropletRecord[]): Promise<void> {
  await Promise.all(droplets.map((droplet) => removeHost(cloud.engine, droplet.container)));
  const gone = new Set(droplets.map((droplet) => droplet.id));
  const notes = view.notes.filter((note) => note.droplet !== undefined && gone.has(note.droplet));
  await Promise.all(notes.map((note) => removeNote(cloud.engine, note)));
  await settleGone(cloud);
  await removeNetworkOf(cloud);
}
