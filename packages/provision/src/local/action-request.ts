import { type BaseImage, sizes } from "./catalog.ts";
import { badName, validName } from "./names.ts";
import type { OwnImage } from "./own-images.ts";
import type { BackupPolicy, DropletRecord } from "./store.ts";

export const actionTypes = [
  "enable_backups",
  "disable_backups",
  "change_backup_policy",
  "reboot",
  "power_cycle",
  "shutdown",
  "power_off",
  "power_on",
  "restore",
  "password_reset",
  "resize",
  "rebuild",
  "rename",
  "change_kernel",
  "enable_ipv6",
  "snapshot",
] as const;
export type ActionType = (typeof actionTypes)[number];

/** Those that are done to all droplets with a tag. */
export const typesByTag: readonly ActionType[] = [
  "power_cycle",
  "power_on",
  "power_off",
  "shutdown",
  "enable_ipv6",
  "enable_backups",
  "disable_backups",
  "snapshot",
];

/** What an action is done with, as text, so that a label holds it. */
export type ActionData = Readonly<Record<string, string>>;

interface Facts {
  readonly droplet: DropletRecord;
  readonly offered: readonly BaseImage[];
  readonly own: readonly OwnImage[];
  /** For the image that a snapshot becomes. */
  readonly newId: () => number;
}

const mustBeOff = "Droplet is currently on. Please power it off to run this event.";

/** Reads a request for an action of one droplet: what to note of it, or why it is refused. Pure but for `newId`. */
export function readAction(
  body: Readonly<Record<string, unknown>>,
  facts: Facts,
): ActionData | { readonly refused: string } {
  const type = actionTypes.find((known) => known === body["type"]);
  const { droplet } = facts;
  const image = body["image"];
  switch (type) {
    case undefined:
      return { refused: `${String(body["type"])} is not a valid action type.` };
    case "rename":
      return validName(body["name"]) ? { type, name: body["name"] } : { refused: badName };
    case "resize":
      return readResize(body, droplet);
    case "snapshot": {
      const name = body["name"] ?? `${droplet.name}-${Date.now()}`;
      if (typeof name !== "string" || name.trim() === "") return { refused: "Name can't be blank" };
      return { type, name, image: String(facts.newId()) };
    }
    case "restore": {
      const found = facts.own.find((one) => String(one.id) === String(image) && one.status === "available");
      if (found === undefined || found.droplet !== droplet.id)
        return { refused: "You specified an invalid image for Droplet restore." };
      return { type, image: String(found.id) };
    }
    case "rebuild": {
      const found = findImage(image, facts);
      if (found === undefined) return { refused: "You specified an invalid image for Droplet rebuild." };
      if (found.minDisk > droplet.options.disk) return { refused: "The image needs a larger disk than the Droplet's." };
      return { type, image: found.name };
    }
    case "enable_backups":
    case "change_backup_policy": {
      if (type === "change_backup_policy" && !droplet.options.backups)
        return { refused: "Backups are not enabled for this Droplet." };
      const policy = readPolicy(body["backup_policy"]);
      if (policy === undefined || (type === "change_backup_policy" && body["backup_policy"] === undefined))
        return { refused: "The backup policy is invalid." };
      return { type, policy: JSON.stringify(policy) };
    }
    case "change_kernel":
      return { refused: "This Droplet manages its own kernel; it cannot be changed from outside." };
    case "password_reset":
      return droplet.status === "active"
        ? { type }
        : { refused: "Droplet is currently off. Please power it on to run this event." };
    default:
      return { type };
  }
}

/** python-digitalocean sends text. */
const isTrue = (given: unknown): boolean => given === true || given === "true";

function readResize(body: Readonly<Record<string, unknown>>, droplet: DropletRecord): ActionData | { refused: string } {
  const size = sizes.find((one) => one.slug === body["size"]);
  if (size === undefined) return { refused: "You specified an invalid size for Droplet resize." };
  if (size.disk < droplet.options.disk) return { refused: "Size can not decrease size of Droplet's disk image" };
  if (droplet.status === "active") return { refused: mustBeOff };
  return { type: "resize", size: size.slug, disk: isTrue(body["disk"]) ? String(size.disk) : "" };
}

/** An image that a droplet can be made of, by slug or id: `name` is what its droplets note. */
export function findImage(
  given: unknown,
  { offered, own }: Pick<Facts, "offered" | "own">,
): { readonly name: string; readonly minDisk: number; readonly regions: readonly string[] } | undefined {
  const base = offered.find((image) => image.slug === given || String(image.id) === String(given));
  if (base !== undefined) return { name: base.slug, minDisk: base.min_disk_size, regions: base.regions };
  const found = own.find((image) => String(image.id) === String(given) && image.status === "available");
  return found && { name: String(found.id), minDisk: found.minDisk, regions: found.regions };
}

const weekdays = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/** A backup policy; without one, daily. Undefined when it is none. */
export function readPolicy(given: unknown): BackupPolicy | undefined {
  if (given === undefined || given === null) return { plan: "daily", hour: 0 };
  const { plan = "daily", weekday = "SUN", hour = 0 } = given as { plan?: unknown; weekday?: unknown; hour?: unknown };
  if (typeof hour !== "number" || ![0, 4, 8, 12, 16, 20].includes(hour)) return undefined;
  if (plan === "daily") return { plan, hour };
  return plan === "weekly" && typeof weekday === "string" && weekdays.includes(weekday)
    ? { plan, weekday, hour }
    : undefined;
}
