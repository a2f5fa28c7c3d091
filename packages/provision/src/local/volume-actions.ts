import { beginAction, type Check, noteDone } from "./begin-action.ts";
import { type ActionRecord, actionBody } from "./bodies.ts";
import { diskDown, diskUp } from "./disks.ts";
import { type Call, notFound, page, Refusal, type Reply, type Route, unprocessable } from "./http.ts";
import type { PlumbedAct } from "./plumbed-acts.ts";
import { tellAttachments } from "./plumbing.ts";
import { type Cloud, look } from "./state.ts";
import type { DropletRecord } from "./store.ts";
import { diskOf, findNamed, findVolume, putVolume, readGigabytes, readVolumes, type Volume } from "./volumes.ts";

/** So many volumes a droplet may have. */
const volumesPerDroplet = 15;

export const volumeActionRoutes = (cloud: Cloud): readonly Route[] => [
  [
    "POST",
    "/v2/volumes/actions",
    async ({ body }) => start(cloud, body, await findNamed(cloud, body["volume_name"], body["region"])),
  ],
  ["POST", "/v2/volumes/:id/actions", async ({ body }, id = "") => start(cloud, body, await findVolume(cloud, id))],
  [
    "GET",
    "/v2/volumes/:id/actions",
    async (call, id = "") => page(call, "actions", (await ofVolume(cloud, id)).map(actionBody)),
  ],
  [
    "GET",
    "/v2/volumes/:id/actions/:action",
    async (_call, id = "", action = "") => {
      const found = (await ofVolume(cloud, id)).find((one) => String(one.id) === action);
      if (found === undefined) throw notFound();
      return { status: 200, body: { action: actionBody(found) } };
    },
  ],
];

async function ofVolume(cloud: Cloud, id: string): Promise<readonly ActionRecord[]> {
  await findVolume(cloud, id);
  return (await look(cloud)).actions.filter((action) => action.data["volume"] === id);
}

function start(cloud: Cloud, body: Call["body"], volume: Volume): Promise<Reply> {
  const { type, region } = body;
  if (region !== undefined && region !== null && region !== volume.data.region) throw unprocessable("region mismatch");
  if (type === "resize") return resize(cloud, body["size_gigabytes"], volume);
  if (type !== "attach" && type !== "detach") throw unprocessable(`${String(type)} is not an action of volumes`);
  // Some clients leave out where a volume is taken from: it is in one place at most.
  const id = body["droplet_id"] ?? (type === "detach" ? volume.data.droplet : undefined);
  return accepted(cloud, Number(id), async (droplet) => {
    const attached = (await readVolumes(cloud)).filter(({ data }) => data.droplet === droplet.id);
    const now = await findVolume(cloud, volume.id);
    if (type === "detach" && now.data.droplet !== droplet.id)
      throw new Refusal(404, "not_found", "volume is not attached to droplet");
    if (type === "attach") await checkAttach(cloud, now, droplet, attached.length);
    return { type: `${type}_volume`, volume: volume.id };
  });
}

async function checkAttach(cloud: Cloud, volume: Volume, droplet: DropletRecord, held: number): Promise<void> {
  if (volume.data.region !== droplet.region) throw unprocessable("Droplet and volume must be in the same region");
  const { droplets } = await look(cloud);
  if (droplets.some((one) => one.id === volume.data.droplet))
    throw unprocessable("volume is already attached to a Droplet");
  if (held >= volumesPerDroplet) throw unprocessable("Droplet has too many volumes attached");
}

async function accepted(cloud: Cloud, droplet: number, check: Check): Promise<Reply> {
  return { status: 202, body: { action: actionBody(await beginAction(cloud, droplet, check)) } };
}

async function resize(cloud: Cloud, given: unknown, volume: Volume): Promise<Reply> {
  const gigabytes = readGigabytes(given, 1);
  if (gigabytes <= volume.data.gigabytes) throw unprocessable("new size must be larger than the current size");
  const data = { type: "resize_volume", volume: volume.id, gigabytes: String(gigabytes), region: volume.data.region };
  const { droplets } = await look(cloud);
  const droplet = droplets.find((one) => one.id === volume.data.droplet);
  if (droplet !== undefined) return accepted(cloud, droplet.id, () => Promise.resolve(data));
  // Nothing to be done but to remember it: the disk grows when it is next attached.
  await putVolume(cloud, volume.id, { ...(await findVolume(cloud, volume.id)).data, gigabytes });
  return { status: 202, body: { action: actionBody(await noteDone(cloud, data)) } };
}

/** What the actions of a droplet that concern its volumes do. Each may be repeated. */
export const volumeActs: Readonly<Record<string, PlumbedAct>> = {
  attach_volume: async (cloud, droplet, { volume = "" }) => attach(cloud, droplet, await findVolume(cloud, volume)),
  detach_volume: async (cloud, droplet, { volume: id = "" }) => {
    const volume = await findVolume(cloud, id);
    if (volume.data.droplet === droplet.id) await detach(cloud, volume, droplet);
  },
  resize_volume: async (cloud, droplet, { volume: id = "", gigabytes }) => {
    const { data } = await findVolume(cloud, id);
    const volume = await putVolume(cloud, id, { ...data, gigabytes: Number(gigabytes) });
    if (data.droplet === droplet.id) await diskUp(cloud, diskOf(volume));
  },
};

/** Attaches a volume to a droplet, running or not. */
export async function attach(cloud: Cloud, droplet: DropletRecord, volume: Volume): Promise<void> {
  await diskUp(cloud, diskOf(volume));
  await putVolume(cloud, volume.id, { ...volume.data, droplet: droplet.id });
  await tellAttachments(cloud, droplet);
}

/** Takes a volume from its droplet; from none when that is gone. */
export async function detach(cloud: Cloud, volume: Volume, droplet: DropletRecord | undefined): Promise<void> {
  if (droplet !== undefined) await tellAttachments(cloud, droplet, volume.id);
  await diskDown(cloud, volume.id);
  const { droplet: _from, ...data } = volume.data;
  await putVolume(cloud, volume.id, data);
}
