import { actionBody } from "./bodies.ts";
import { regions } from "./catalog.ts";
import { dropletId } from "./droplet-id.ts";
import { type Call, notFound, page, type Reply, type Route, unprocessable } from "./http.ts";
import { tellAttachments } from "./plumbing.ts";
import { assign, found, reservedActions, startReserved } from "./reserved-actions.ts";
import { type Family, familyOf, holderBody, type Reserved, readReserved, release, reserve } from "./reserved-ips.ts";
import { type Cloud, look, type View } from "./state.ts";
import { removeNote } from "./store.ts";

export const reservedRoutes = (cloud: Cloud): readonly Route[] => [
  ...named(cloud, "reserved_ip", 4),
  ...named(cloud, "floating_ip", 4),
  ...named(cloud, "reserved_ipv6", 6),
];

/** The same thing has an old and a new name, and a younger sister. */
type Word = "reserved_ip" | "floating_ip" | "reserved_ipv6";

function named(cloud: Cloud, word: Word, family: Family): readonly Route[] {
  const base = `/v2/${word}${family === 4 ? "s" : ""}`;
  const one = async (address: string): Promise<Reserved> => {
    const reserved = await found(cloud, address);
    if (familyOf(address) !== family) throw notFound();
    return reserved;
  };
  return [
    ["GET", base, (call) => many(cloud, call, word, family)],
    ["POST", base, (call) => create(cloud, call, word)],
    [
      "GET",
      `${base}/:ip`,
      async (_call, ip = "") => {
        const reserved = await one(ip);
        return { status: 200, body: { [word]: reservedBody(reserved, await look(cloud), word) } };
      },
    ],
    ["DELETE", `${base}/:ip`, async (_call, ip = "") => remove(cloud, await one(ip))],
    [
      "GET",
      `${base}/:ip/actions`,
      async (call, ip = "") => page(call, "actions", await reservedActions(cloud, (await one(ip)).data.address)),
    ],
    [
      "POST",
      `${base}/:ip/actions`,
      async ({ body }, ip = "") => ({
        status: 201,
        body: { action: actionBody(await startReserved(cloud, body, await one(ip))) },
      }),
    ],
    [
      "GET",
      `${base}/:ip/actions/:action`,
      async (_call, ip = "", action = "") => oneAction(cloud, await one(ip), action),
    ],
  ];
}

const reservedSixBody = ({ data, createdAt }: Reserved, droplet: object | null) => ({
  ip: data.address,
  region_slug: data.region,
  reserved_at: createdAt.replace(/\.\d+Z$/, "Z"),
  droplet,
});

function reservedBody(reserved: Reserved, view: View, word: Word): object {
  const { address, region } = reserved.data;
  const droplet = holderBody(reserved, view);
  if (word === "reserved_ipv6") return reservedSixBody(reserved, droplet);
  const locked = view.actions.some(({ data, status }) => data["ip"] === address && status === "in-progress");
  return { ip: address, region: regions.find((one) => one.slug === region), droplet, locked };
}

async function many(cloud: Cloud, call: Call, word: Word, family: Family): Promise<Reply> {
  const view = await look(cloud);
  const all = (await readReserved(cloud)).filter(({ data }) => familyOf(data.address) === family);
  return page(
    call,
    `${word}s`,
    all.map((reserved) => reservedBody(reserved, view, word)),
  );
}

async function create(cloud: Cloud, call: Call, word: Word): Promise<Reply> {
  const { body } = call;
  if (word === "reserved_ipv6") {
    const reserved = await reserve(cloud, 6, readRegion(body["region_slug"]));
    const { droplet: _none, ...shown } = reservedSixBody(reserved, null);
    return { status: 201, body: { reserved_ipv6: shown } };
  }
  const id = dropletId(body["droplet_id"]);
  if (id === undefined || id === null) {
    const reserved = await reserve(cloud, 4, readRegion(body["region"]));
    const shown = reservedBody(reserved, await look(cloud), word);
    return { status: 202, body: { [word]: shown, links: { droplets: [], actions: [] } } };
  }
  const droplet = (await look(cloud)).droplets.find((one) => one.id === id);
  if (droplet === undefined) throw unprocessable("Droplet does not exist.");
  const reserved = await reserve(cloud, 4, droplet.region);
  try {
    const action = await assign(cloud, droplet.id, reserved);
    const links = {
      droplets: [{ id: droplet.id, rel: "droplet", href: `${call.base}/v2/droplets/${droplet.id}` }],
      actions: [{ id: action.id, rel: "assign_ip", href: `${call.base}/v2/actions/${action.id}` }],
    };
    const shown = { ...reservedBody(reserved, await look(cloud), word), droplet: null, locked: true };
    return { status: 202, body: { [word]: shown, links } };
  } catch (error) {
    await release(cloud, reserved);
    throw error;
  }
}

function readRegion(given: unknown): string {
  if (typeof given !== "string" || !regions.some((one) => one.slug === given)) throw unprocessable("invalid region");
  return given;
}

async function remove(cloud: Cloud, reserved: Reserved): Promise<Reply> {
  const { droplets, notes } = await look(cloud);
  const { address, droplet } = reserved.data;
  const holder = droplets.find((one) => one.id === droplet);
  if (holder !== undefined && familyOf(address) === 6)
    throw unprocessable("The reserved IPv6 is assigned to a Droplet; unassign it first.");
  await release(cloud, reserved);
  if (holder !== undefined) await tellAttachments(cloud, holder);
  const own = new Set(notes.filter(({ data, droplet: of }) => data["ip"] === address && of === undefined));
  for (const note of own) await removeNote(cloud.engine, note);
  return { status: 204 };
}

async function oneAction(cloud: Cloud, reserved: Reserved, id: string): Promise<Reply> {
  const { actions } = await look(cloud);
  const action = actions.find((one) => String(one.id) === id && one.data["ip"] === reserved.data.address);
  if (action === undefined) throw notFound();
  return { status: 200, body: { action: actionBody(action) } };
}
