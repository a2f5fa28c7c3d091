import type { Call } from "../http.ts";
import type { Cloud } from "../state.ts";
import { type ActionBody, actionBody, type V2Action } from "./action-bodies.ts";
import type { Inside } from "./inside.ts";
import { readNotes } from "./notes.ts";
import { numberOf } from "./number.ts";
import { refuse, unknown } from "./refusal.ts";
import { type Around, runningIn, serverBody, type V2Droplet } from "./server-bodies.ts";

/** What the handlers of Hetzner's API share. */
export interface Face {
  readonly cloud: Cloud;
  readonly inside: Inside;
}

export interface V2Volume {
  readonly id: string;
  readonly name: string;
  readonly size_gigabytes: number;
  readonly created_at: string;
  readonly droplet_ids: readonly number[];
  readonly region: { readonly slug?: string };
  readonly filesystem_type?: string;
}
export interface V2Rule {
  readonly protocol: string;
  readonly ports: string;
  readonly sources?: { readonly addresses?: readonly string[] };
  readonly destinations?: { readonly addresses?: readonly string[] };
}
export interface V2Firewall {
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
  readonly droplet_ids: readonly number[];
  readonly inbound_rules: readonly V2Rule[];
  readonly outbound_rules: readonly V2Rule[];
}
export interface V2ReservedIp {
  readonly ip: string;
  readonly droplet: { readonly id: number } | null;
  readonly region: { readonly slug?: string };
}

export const droplets = ({ inside }: Face, call: Call): Promise<readonly V2Droplet[]> =>
  inside.list(call, "/v2/droplets", "droplets");
export const volumes = ({ inside }: Face, call: Call): Promise<readonly V2Volume[]> =>
  inside.list(call, "/v2/volumes", "volumes");
export const firewalls = ({ inside }: Face, call: Call): Promise<readonly V2Firewall[]> =>
  inside.list(call, "/v2/firewalls", "firewalls");
export const reservedIps = ({ inside }: Face, call: Call): Promise<readonly V2ReservedIp[]> =>
  inside.list(call, "/v2/reserved_ips", "reserved_ips");

/** Actions of servers, newest first. */
export const actions = async ({ inside }: Face, call: Call): Promise<readonly ActionBody[]> =>
  (await inside.list<V2Action>(call, "/v2/actions", "actions"))
    .filter((action) => action.resource_type === "droplet")
    .map(actionBody);

export async function around(face: Face, call: Call): Promise<Around> {
  const [notes, attached, filters, addresses, all] = await Promise.all([
    readNotes(face.cloud),
    volumes(face, call),
    firewalls(face, call),
    reservedIps(face, call),
    actions(face, call),
  ]);
  return {
    notes,
    volumes: byServer(attached.flatMap((one) => one.droplet_ids.map((id) => [id, numberOf(one.id)]))),
    firewalls: byServer(filters.flatMap((one) => one.droplet_ids.map((id) => [id, numberOf(one.id)]))),
    floatingIps: byServer(
      addresses.flatMap((one) => (one.droplet === null ? [] : [[one.droplet.id, numberOf(one.ip)]])),
    ),
    running: runningIn(all),
  };
}

function byServer(pairs: readonly (readonly [number, number])[]): ReadonlyMap<number, readonly number[]> {
  const all = new Map<number, number[]>();
  for (const [server, id] of pairs) all.set(server, [...(all.get(server) ?? []), id]);
  return all;
}

export async function dropletOf(face: Face, call: Call, id: string): Promise<V2Droplet> {
  if (!/^\d+$/.test(id)) throw unknown("server", id);
  try {
    return (await face.inside.ask<{ droplet: V2Droplet }>(call, "GET", `/v2/droplets/${id}`)).droplet;
  } catch (error) {
    throw (error as { status?: number }).status === 404 ? unknown("server", id) : error;
  }
}

export const serverOf = async (face: Face, call: Call, id: string): Promise<object> =>
  serverBody(await dropletOf(face, call, id), await around(face, call));

export const actionOf = async ({ inside }: Face, call: Call, id: number): Promise<ActionBody> =>
  actionBody((await inside.ask<{ action: V2Action }>(call, "GET", `/v2/actions/${id}`)).action);

/** Begins an action of the other API and waits for its end, five minutes at most. */
export async function settled(
  face: Face,
  call: Call,
  path: string,
  body: Readonly<Record<string, unknown>>,
): Promise<ActionBody> {
  const begun = await face.inside.ask<{ action: V2Action }>(call, "POST", path, { body });
  let { action } = begun;
  for (let tick = 0; action.status === "in-progress" && tick < 3_000; tick += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    action = (await face.inside.ask<{ action: V2Action }>(call, "GET", `/v2/actions/${action.id}`)).action;
  }
  if (action.status === "errored") throw refuse("service_error", `${action.type} failed`);
  return actionBody(action);
}
