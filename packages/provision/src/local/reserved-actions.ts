import { beginAction, noteDone } from "./begin-action.ts";
import { type ActionRecord, actionBody } from "./bodies.ts";
import { refilter } from "./filtering.ts";
import { help } from "./helper.ts";
import { type Call, notFound, unprocessable } from "./http.ts";
import { networkName } from "./names.ts";
import type { PlumbedAct } from "./plumbed-acts.ts";
import { tellAttachments } from "./plumbing.ts";
import { familyOf, putReserved, type Reserved, readReserved, sixPrefix } from "./reserved-ips.ts";
import { type Cloud, look } from "./state.ts";

/** Begins what a request about a reserved address asks for. */
export async function startReserved(cloud: Cloud, body: Call["body"], reserved: Reserved): Promise<ActionRecord> {
  const { type } = body;
  if (type === "assign") return assign(cloud, Number(body["droplet_id"]), reserved);
  if (type !== "unassign") throw unprocessable("type must be assign or unassign");
  const { address, region, droplet } = (await found(cloud, reserved.data.address)).data;
  await refusePending(cloud, address);
  if (droplet === undefined) throw unprocessable("The reserved IP is not assigned to a Droplet.");
  const data = { type: "unassign_ip", ip: address, region };
  if ((await look(cloud)).droplets.some((one) => one.id === droplet))
    return beginAction(cloud, droplet, () => Promise.resolve(data));
  await putReserved(cloud, reserved.id, { address, region });
  return noteDone(cloud, data);
}

async function refusePending(cloud: Cloud, address: string): Promise<void> {
  const { actions } = await look(cloud);
  if (actions.some(({ data, status }) => data["ip"] === address && status === "in-progress"))
    throw unprocessable("The reserved IP already has a pending event.");
}

export async function found(cloud: Cloud, address: string): Promise<Reserved> {
  const reserved = (await readReserved(cloud)).find(({ data }) => data.address === address);
  if (reserved === undefined) throw notFound();
  return reserved;
}

/** An address that is at another droplet moves. */
export function assign(cloud: Cloud, droplet: number, reserved: Reserved): Promise<ActionRecord> {
  const { address, region } = reserved.data;
  return beginAction(cloud, droplet, async (to) => {
    const all = await readReserved(cloud);
    const held = all.filter(({ data }) => data.droplet === to.id && familyOf(data.address) === familyOf(address));
    if (held.some(({ data }) => data.address === address))
      throw unprocessable("The reserved IP is already assigned to this Droplet.");
    if (held.length > 0) throw unprocessable("The Droplet already has a reserved IP.");
    if (region !== to.region) throw unprocessable("The reserved IP and the Droplet must be in the same region.");
    await refusePending(cloud, address);
    return { type: "assign_ip", ip: address };
  });
}

/** What the actions of a droplet that concern its reserved addresses do. Each may be repeated. */
export const reservedActs: Readonly<Record<string, PlumbedAct>> = {
  assign_ip: async (cloud, droplet, { ip = "" }) => {
    const { id, data } = await found(cloud, ip);
    const before = (await look(cloud)).droplets.find((one) => one.id === data.droplet && one.id !== droplet.id);
    await putReserved(cloud, id, { ...data, droplet: droplet.id });
    if (familyOf(ip) === 6) await joinSix(cloud);
    // The filter knows it before it is answered on.
    await refilter(cloud);
    if (before !== undefined) await tellAttachments(cloud, before);
    await tellAttachments(cloud, droplet);
  },
  unassign_ip: async (cloud, droplet, { ip = "" }) => {
    const { id, data } = await found(cloud, ip);
    if (data.droplet !== droplet.id) return;
    await putReserved(cloud, id, { address: data.address, region: data.region });
    await tellAttachments(cloud, droplet);
    await refilter(cloud);
  },
};

/** Gives the engine's machine an address in the cloud's IPv6 network, as it has one in the other. */
export async function joinSix(cloud: Cloud): Promise<void> {
  const seen = await cloud.engine.call("GET", `/networks/${networkName(cloud.name)}`);
  const bridge = `br-${(seen.json() as { Id: string }).Id.slice(0, 12)}`;
  const script = `ip -6 address replace "$1" dev "$2" nodad`;
  await help(cloud, { on: "ipv6", script, args: [`${sixPrefix(cloud.name)}::1/64`, bridge], network: true });
}

export const reservedActions = async (cloud: Cloud, address: string): Promise<object[]> =>
  (await look(cloud)).actions.filter(({ data }) => data["ip"] === address).map(actionBody);
