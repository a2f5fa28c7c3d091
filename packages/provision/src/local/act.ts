import { randomBytes } from "node:crypto";
import { fail } from "../errors.ts";
import type { ActionData } from "./action-request.ts";
import { images, sizeOf } from "./catalog.ts";
import { engineLimits } from "./container.ts";
import type { OwnImage } from "./own-images.ts";
import { plumbedAct } from "./plumbed-acts.ts";
import { replaceRoot } from "./replace-root.ts";
import { takeSnapshot } from "./snapshot.ts";
import { statusIn } from "./start-container.ts";
import { type Cloud, firstBoot } from "./state.ts";
import { containerName, type DropletOptions, type DropletRecord, newId, writeNote } from "./store.ts";
import { tar } from "./tar.ts";

interface Act {
  readonly id: number;
  readonly droplet: DropletRecord;
  readonly data: ActionData;
  readonly own: readonly OwnImage[];
}

/** Does to a droplet what an action says. Doing it twice is harmless. Rejects when the action has failed. */
export async function act(cloud: Cloud, { id, droplet, data, own }: Act): Promise<void> {
  const { engine } = cloud;
  const container = `/containers/${droplet.container}`;
  const plumbed = plumbedAct(data["type"] ?? "");
  if (plumbed !== undefined) return plumbed(cloud, droplet, data);
  switch (data["type"]) {
    case "power_on":
      if (droplet.booted) await engine.call("POST", `${container}/start`);
      else await firstBoot(cloud, droplet);
      return;
    case "power_off":
      // As pulling the plug: nothing on the machine is told.
      await engine.call("POST", `${container}/kill`, { accept: [409] });
      return;
    case "shutdown":
      await engine.call("POST", `${container}/stop`);
      return;
    case "reboot":
      if (droplet.status === "off") throw fail("cloud.refused", "Droplet is currently off.");
      await engine.call("POST", `${container}/restart`);
      return;
    case "power_cycle":
      await engine.call("POST", `${container}/restart`, { query: { t: 0 } });
      return;
    case "rename": {
      const name = containerName(cloud.name, droplet.id, data["name"] ?? droplet.name, droplet.generation);
      if (data["name"] !== droplet.name) await engine.call("POST", `${container}/rename`, { query: { name } });
      return;
    }
    case "resize": {
      const size = sizeOf(data["size"] ?? "");
      await engine.call("POST", `${container}/update`, { body: engineLimits(size) });
      const disk = data["disk"] ? { disk: Number(data["disk"]) } : {};
      return change(cloud, droplet, { size: size.slug }, disk);
    }
    case "snapshot":
      return snapshot(cloud, droplet, data, own);
    case "restore":
    case "rebuild":
      return replaceRoot(cloud, droplet.id, {
        image: data["image"] ?? "",
        action: id,
        first: data["type"] === "rebuild",
      });
    case "enable_backups":
    case "change_backup_policy":
      return change(
        cloud,
        droplet,
        {},
        { backups: JSON.parse(data["policy"] ?? "null") as DropletOptions["backups"] & object },
      );
    case "disable_backups":
      return change(cloud, droplet, {}, { backups: null });
    case "enable_ipv6":
      return change(cloud, droplet, {}, { ipv6: true });
    case "password_reset":
      return resetPassword(cloud, droplet);
    default:
      throw fail("cloud.refused", `${data["type"] ?? ""} is not an action of the local cloud`);
  }
}

async function change(
  cloud: Cloud,
  droplet: DropletRecord,
  data: Readonly<Record<string, string>>,
  options: Partial<DropletOptions>,
): Promise<void> {
  const note = { kind: "changed", id: String(newId()), droplet: droplet.id } as const;
  await writeNote(cloud.engine, cloud.name, { ...note, data: { ...data, options: JSON.stringify(options) } });
}

async function snapshot(
  cloud: Cloud,
  droplet: DropletRecord,
  data: ActionData,
  own: readonly OwnImage[],
): Promise<void> {
  const from =
    own.find((image) => String(image.id) === droplet.image) ?? images.find((image) => image.slug === droplet.image);
  await takeSnapshot(cloud, droplet.container, Number(data["image"]), {
    name: data["name"] ?? droplet.name,
    type: "snapshot",
    distribution: from?.distribution ?? "Unknown",
    regions: [droplet.region],
    minDisk: droplet.options.disk,
    description: "",
    tags: [],
    droplet: droplet.id,
    createdAt: new Date().toISOString().replace(/\.\d+Z$/, "Z"),
  });
}

const setPassword = `set -e
chpasswd < /var/lib/slipway/password
rm /var/lib/slipway/password
chage -d 0 root`;

/** A new password for root, which has to be changed at the first login, as DigitalOcean has it: a login by a key asks for that too. */
async function resetPassword(cloud: Cloud, droplet: DropletRecord): Promise<void> {
  const password = randomBytes(12).toString("base64url");
  const file = { path: "/var/lib/slipway/password", content: `root:${password}\n`, mode: 0o600 };
  await cloud.engine.call("PUT", `/containers/${droplet.container}/archive`, {
    query: { path: "/" },
    body: tar([file]),
  });
  const status = await statusIn(cloud.engine, droplet.container, ["sh", "-c", setPassword]);
  if (status !== 0) throw fail("cloud.refused", "The password could not be set on the Droplet.");
  cloud.mail(`Your new password for ${droplet.name} is ${password}`);
}
