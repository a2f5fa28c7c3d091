import { md5OfKey } from "../ssh-key.ts";
import { images, regions, sizeOf } from "./catalog.ts";
import { ownImageBody } from "./image-bodies.ts";
import { freeAddress } from "./network.ts";
import type { OwnImage } from "./own-images.ts";
import { addressOf, netmaskOf, numberOf, rangeOf } from "./private-network.ts";
import type { BackupPolicy, DropletRecord, Note } from "./store.ts";

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

/** A droplet as the API shows it, `volumes` those attached to it. While it is new it has no addresses yet. */
export function dropletBody(
  droplet: DropletRecord,
  locked: boolean,
  own: readonly OwnImage[],
  volumes: readonly string[] = [],
): object {
  const size = sizeOf(droplet.size);
  const { options } = droplet;
  const isNew = droplet.status === "new";
  const v4 = isNew
    ? []
    : [{ ip_address: droplet.address, netmask: "255.255.252.0", gateway: gateway(droplet.address), type: "public" }];
  if (!isNew && droplet.privateAddress !== "") v4.push(privateBody(droplet.privateAddress));
  const taken = own.filter((image) => image.droplet === droplet.id && image.status === "available");
  const ids = (type: OwnImage["type"]): number[] => taken.filter((image) => image.type === type).map(({ id }) => id);
  return {
    id: droplet.id,
    name: droplet.name,
    memory: size.memory,
    vcpus: size.vcpus,
    disk: options.disk,
    disk_info: [{ type: "local", size: { amount: options.disk, unit: "gib" } }],
    locked,
    status: droplet.status,
    kernel: null,
    created_at: droplet.createdAt,
    features: [
      ...(options.backups ? ["backups"] : []),
      ...(options.ipv6 === true ? ["ipv6"] : []),
      ...(options.monitoring === true ? ["monitoring"] : []),
      ...(options.agent === true ? ["droplet_agent"] : []),
      "private_networking",
    ],
    backup_ids: ids("backup"),
    next_backup_window: options.backups ? backupWindow(options.backups, new Date()) : null,
    snapshot_ids: ids("snapshot"),
    image: imageOf(droplet, own),
    volume_ids: volumes,
    vpc_uuid: droplet.vpc,
    size,
    size_slug: droplet.size,
    networks: { v4, v6: isNew || options.ipv6 !== true ? [] : [addressV6(droplet)] },
    region: regions.find((region) => region.slug === droplet.region) ?? {},
    tags: droplet.tags,
  };
}

/** The image that a droplet was made of; of one that was deleted only its number is known. */
function imageOf(droplet: DropletRecord, own: readonly OwnImage[]): object {
  const found = own.find((image) => String(image.id) === droplet.image);
  if (found !== undefined) return ownImageBody(found);
  const base = images.find((image) => image.slug === droplet.image);
  return base ?? { id: Number(droplet.image), name: "", slug: null, public: false, regions: [], status: "deleted" };
}

const dayMs = 86_400_000;
const weekdays = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/** The next window of four hours that a policy names, after `now`. */
export function backupWindow(policy: BackupPolicy, now: Date): { start: string; end: string } {
  const start = new Date(now);
  start.setUTCHours(policy.hour, 0, 0, 0);
  const fits = (): boolean =>
    start > now && (policy.plan === "daily" || weekdays[start.getUTCDay()] === (policy.weekday ?? "SUN"));
  while (!fits()) start.setTime(start.getTime() + dayMs);
  const text = (at: number): string => second(new Date(at).toISOString());
  return { start: text(start.getTime()), end: text(start.getTime() + 4 * 3_600_000) };
}

/** Of a range for local use, from the IPv4 address; nothing configures it, as on a machine that got it later. */
function addressV6(droplet: DropletRecord): object {
  const [, b = 0, c = 0, d = 0] = droplet.address.split(".").map(Number);
  const net = `fd00:${b.toString(16)}:${(c & 252).toString(16)}`;
  return {
    ip_address: `${net}::${((c & 3) * 256 + d).toString(16)}`,
    netmask: 64,
    gateway: `${net}::1`,
    type: "public",
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
    ? { resource_id: parseInt(address.split(":").at(-1) || "0", 16), resource_type: "reserved_ipv6" }
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
