import { type ActionBody, time } from "./action-bodies.ts";
import { datacenters, diskOf, locationIn, serverTypes, typeOf } from "./catalog.ts";
import { imageBody, type V2Image } from "./image-bodies.ts";
import type { Note, Notes } from "./notes.ts";

export interface V2Droplet {
  readonly id: number;
  readonly name: string;
  readonly status: "new" | "active" | "off" | "archive";
  readonly locked: boolean;
  readonly created_at: string;
  readonly size_slug: string;
  readonly disk: number;
  readonly features: readonly string[];
  readonly image: Partial<V2Image>;
  readonly region: { readonly slug?: string };
  readonly tags: readonly string[];
  readonly networks: { readonly v4: readonly { readonly ip_address: string; readonly type: string }[] };
}

/** What else belongs to servers, by the id of the server. */
export interface Around {
  readonly notes: Notes;
  readonly volumes: ReadonlyMap<number, readonly number[]>;
  readonly firewalls: ReadonlyMap<number, readonly number[]>;
  readonly floatingIps: ReadonlyMap<number, readonly number[]>;
  /** Commands of the actions that run. */
  readonly running: ReadonlyMap<number, string>;
}

const tagStart = "hetzner:";

/** The tag that binds a server to its note from its first moment on. */
export const noteTag = (id: string): string => `${tagStart}${id}`;

export const noteKey = (droplet: Pick<V2Droplet, "id" | "tags">): string => {
  const tag = droplet.tags.find((one) => one.startsWith(tagStart));
  return `server-${tag === undefined ? droplet.id : tag.slice(tagStart.length)}`;
};

const during: Readonly<Record<string, string>> = {
  start_server: "starting",
  stop_server: "stopping",
  shutdown_server: "stopping",
  rebuild_server: "rebuilding",
  change_server_type: "migrating",
};

function status(droplet: V2Droplet, command: string | undefined): string {
  if (droplet.status === "new") return "initializing";
  return during[command ?? ""] ?? (droplet.status === "active" ? "running" : "off");
}

/** Number of the address that a server is made with. */
export const primaryIpId = (server: number): number => server;

export const protectionOf = (note: Note): { delete: boolean; rebuild: boolean } => ({
  delete: note.delete ?? false,
  rebuild: note.rebuild ?? false,
});

export const addressOf = (droplet: V2Droplet, type: string): string =>
  droplet.networks.v4.find((network) => network.type === type)?.ip_address ?? "";

/** The name that an address leads back to; no name server here tells it. */
export const pointerOf = (note: Note, address: string): string => note.pointer ?? `${address}.local.invalid`;

/** A droplet as a server of Hetzner's. */
export function serverBody(droplet: V2Droplet, around: Around): Readonly<Record<string, unknown>> {
  const note = around.notes.of(noteKey(droplet));
  const location = locationIn(droplet.region.slug ?? "");
  const type = typeOf(droplet.size_slug) ?? serverTypes[0];
  const address = addressOf(droplet, "public");
  const ipv4 =
    address === ""
      ? null
      : { id: primaryIpId(droplet.id), ip: address, blocked: false, dns_ptr: pointerOf(note, address) };
  const firewalls = around.firewalls.get(droplet.id) ?? [];
  const { id } = droplet.image;
  return {
    id: droplet.id,
    name: droplet.name,
    status: status(droplet, around.running.get(droplet.id)),
    created: time(droplet.created_at),
    public_net: {
      ipv4,
      ipv6: null,
      floating_ips: around.floatingIps.get(droplet.id) ?? [],
      firewalls: firewalls.map((firewall) => ({ id: firewall, status: "applied" })),
    },
    private_net: [],
    server_type: type,
    location,
    datacenter: datacenters.find((one) => one.location === location) ?? datacenters[0],
    image: id === undefined ? null : imageBody({ ...droplet.image, id }, around.notes),
    iso: null,
    rescue_enabled: false,
    locked: droplet.locked,
    backup_window: droplet.features.includes("backups") ? "22-02" : null,
    outgoing_traffic: 0,
    ingoing_traffic: 0,
    included_traffic: 21_990_232_555_520,
    protection: protectionOf(note),
    labels: note.labels,
    volumes: around.volumes.get(droplet.id) ?? [],
    load_balancers: [],
    primary_disk_size: diskOf(droplet.disk),
    placement_group: null,
  };
}

/** What each server is doing. */
export const runningIn = (actions: readonly ActionBody[]): ReadonlyMap<number, string> =>
  new Map(
    actions
      .filter((action) => action.status === "running")
      .flatMap((action) => action.resources.map((resource) => [resource.id, action.command] as const)),
  );
