import { md5OfKey } from "../ssh-key.ts";
import { images, regions, sizes } from "./catalog.ts";
import { freeAddress } from "./network.ts";
import { addressOf, netmaskOf, numberOf, rangeOf } from "./private-network.ts";
import type { DropletRecord, Note } from "./store.ts";

const gateway = (address: string): string => {
  const [a, b, c] = address.split(".").map(Number) as [number, number, number];
  const base = `${a}.${b}.${c & 252}.0/22`;
  // The engine gives the first address of a network to its gateway, the one before the first that may be handed out.
  return freeAddress(base, new Set()).replace(/\.2$/, ".1");
};

const privateBody = (address: string) => ({
  ip_address: address.replace(/\/.*/, ""),
  netmask: netmaskOf(address),
  gateway: addressOf(rangeOf(address).first + 1),
  type: "private",
});

/** A droplet as the API shows it. While it is new it has no addresses yet. */
export function dropletBody(droplet: DropletRecord, locked: boolean, volumeIds: readonly string[] = []): object {
  const size = sizes.find((one) => one.slug === droplet.size);
  const v4 =
    droplet.status === "new"
      ? []
      : [{ ip_address: droplet.address, netmask: "255.255.252.0", gateway: gateway(droplet.address), type: "public" }];
  if (v4.length > 0 && droplet.privateAddress !== "") v4.push(privateBody(droplet.privateAddress));
  return {
    id: droplet.id,
    name: droplet.name,
    memory: size?.memory ?? 1024,
    vcpus: size?.vcpus ?? 1,
    disk: size?.disk ?? 25,
    disk_info: [{ type: "local", size: { amount: size?.disk ?? 25, unit: "gib" } }],
    locked,
    status: droplet.status,
    kernel: null,
    created_at: droplet.createdAt,
    features: [],
    backup_ids: [],
    next_backup_window: null,
    snapshot_ids: [],
    image: images.find((image) => image.slug === droplet.image) ?? {},
    volume_ids: volumeIds,
    vpc_uuid: droplet.vpc,
    size: size ?? {},
    size_slug: droplet.size,
    networks: { v4, v6: [] },
    region: regions.find((region) => region.slug === droplet.region) ?? {},
    tags: droplet.tags,
  };
}

export interface ActionRecord {
  readonly id: number;
  readonly type: string;
  readonly droplet: number;
  readonly status: "in-progress" | "completed" | "errored";
  readonly startedAt: string;
  readonly completedAt: string | null;
  readonly region: string;
  readonly data: Readonly<Record<string, string>>;
}

const second = (at: string): string => at.replace(/\.\d+Z$/, "Z");

/** All actions, newest first: creations are told by the droplets themselves, the others by notes. */
export function actionsOf(droplets: readonly DropletRecord[], notes: readonly Note[]): ActionRecord[] {
  const ends = new Map(notes.filter((note) => note.kind === "ended").map((note) => [note.id, note]));
  const created = droplets.map((droplet): ActionRecord => {
    const done = droplet.status !== "new";
    return {
      id: droplet.createAction,
      type: "create",
      droplet: droplet.id,
      status: done ? "completed" : "in-progress",
      startedAt: droplet.createdAt,
      completedAt: done ? droplet.createdAt : null,
      region: droplet.region,
      data: {},
    };
  });
  const noted = notes
    .filter((note) => note.kind === "action")
    .map((note): ActionRecord => {
      const end = ends.get(note.id);
      return {
        id: Number(note.id),
        type: note.data["type"] ?? "",
        droplet: note.droplet ?? 0,
        status: end === undefined ? "in-progress" : end.data["status"] === "errored" ? "errored" : "completed",
        startedAt: second(note.at),
        completedAt: end === undefined ? null : second(end.at),
        region: droplets.find((droplet) => droplet.id === note.droplet)?.region ?? note.data["region"] ?? "",
        data: note.data,
      };
    });
  return [...created, ...noted].sort((a, b) => b.startedAt.localeCompare(a.startedAt) || b.id - a.id);
}

/** What an action is on, by what is remembered of it. */
function resourceOf({ data, droplet }: ActionRecord): { resource_id: number | null; resource_type: string } {
  const address = data["ip"];
  if (data["volume"] !== undefined) return { resource_id: null, resource_type: "volume" };
  if (address === undefined) return { resource_id: droplet, resource_type: "droplet" };
  return address.includes(":")
    ? { resource_id: parseInt(address.slice(-4), 16), resource_type: "reserved_ipv6" }
    : { resource_id: numberOf(address), resource_type: "reserved_ip" };
}

export const actionBody = (action: ActionRecord): object => ({
  id: action.id,
  status: action.status,
  type: action.type,
  started_at: action.startedAt,
  completed_at: action.completedAt,
  ...resourceOf(action),
  region: regions.find((region) => region.slug === action.region) ?? null,
  region_slug: action.region,
});

export const keyBody = (note: Note): object => {
  const public_key = note.data["public_key"] ?? "";
  return {
    id: Number(note.id.split("-")[0]),
    public_key,
    name: note.data["name"] ?? "",
    fingerprint: md5OfKey(public_key),
  };
};
