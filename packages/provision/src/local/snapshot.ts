import { fail } from "../errors.ts";
import type { Engine } from "./engine.ts";
import { exclusively } from "./lock.ts";
import { dropImage, hasImage, helperLabel, type ImageData, imagesLock, ownImageName, saveImage } from "./own-images.ts";
import { runLabel } from "./run-label.ts";
import type { Cloud } from "./state.ts";
import { cloudLabel } from "./store.ts";

interface Inspected {
  readonly Config: { readonly Labels: Readonly<Record<string, string>> | null };
  readonly Mounts: readonly { readonly Type: string; readonly Name?: string; readonly Destination: string }[];
}

const pack = `set -e
mkdir -p /var/lib/slipway
if [ -n "$(ls -A /from)" ]; then tar --xattrs --xattrs-include='*' -cpf /var/lib/slipway/docker.tar -C /from .; fi`;

/**
 * Makes an image of a droplet's whole disk: its root, and its volume of nested containers, which a commit leaves out. The droplet stands still
 * for the first part only. May be repeated; the image is there whole or not at all.
 */
export async function takeSnapshot(cloud: Cloud, container: string, id: number, data: ImageData): Promise<void> {
  const { engine } = cloud;
  await exclusively(imagesLock(cloud), async () => {
    if (await hasImage(engine, ownImageName(cloud.name, id))) return;
    const seen = (await engine.call("GET", `/containers/${container}/json`)).json() as Inspected;
    const committed = await engine.call("POST", "/commit", { query: { container }, body: { Labels: blank(seen) } });
    const root = (committed.json() as { Id: string }).Id;
    const volume = seen.Mounts.find((mount) => mount.Destination === "/var/lib/docker")?.Name;
    const mounts = volume === undefined ? [] : [{ Type: "volume", Source: volume, Target: "/from", ReadOnly: true }];
    try {
      await withHelper(engine, { cloud, id, image: root, of: String(data.droplet), mounts }, async (helper) => {
        await runHelper(engine, helper);
        await saveImage(cloud, helper, id, data);
      });
    } catch (error) {
      await dropImage(cloud, root);
      throw error;
    }
  });
}

/** An image has the labels of its container, and gives them to its containers; what they say is not true of those. */
const blank = ({ Config }: Inspected): Record<string, string> =>
  Object.fromEntries(
    Object.keys(Config.Labels ?? {})
      .filter((name) => name.startsWith("slipway.") && name !== cloudLabel && name !== "slipway.run")
      .map((name) => [name, ""]),
  );

interface Helper {
  readonly cloud: Cloud;
  readonly id: number;
  readonly image: string;
  readonly of: string;
  readonly command?: string;
  readonly mounts?: readonly object[];
}

/** Runs `work` with a container of an image that becomes another image. What an interrupted run left of it is cleared first. */
export async function withHelper(
  engine: Engine,
  helper: Helper,
  work: (container: string) => Promise<void>,
): Promise<void> {
  const name = `slipway.${helper.cloud.name}.image.${helper.id}`;
  const remove = async (): Promise<void> => {
    await engine.call("DELETE", `/containers/${name}`, { query: { force: true, v: true }, accept: [404] });
  };
  await remove();
  const made = await engine.call("POST", "/containers/create", {
    query: { name },
    body: {
      Image: helper.image,
      Cmd: ["sh", "-c", helper.command ?? pack],
      Labels: { [helperLabel]: `${helper.cloud.name}.${helper.of}`, ...runLabel() },
      HostConfig: { NetworkMode: "none", Mounts: helper.mounts ?? [] },
    },
  });
  try {
    await work((made.json() as { Id: string }).Id);
  } finally {
    await remove();
  }
}

/** Starts a helper and waits for its end. Rejects when that was a failure. */
export async function runHelper(engine: Engine, container: string): Promise<void> {
  await engine.call("POST", `/containers/${container}/start`);
  const ended = (await engine.call("POST", `/containers/${container}/wait`)).json() as { StatusCode: number };
  if (ended.StatusCode !== 0) throw fail("image.failed", `making an image failed with status ${ended.StatusCode}`);
}

/** Removes what an interrupted snapshot of a droplet that is gone left. */
export async function removeHelpers(cloud: Cloud, droplet: number): Promise<void> {
  const filters = { label: [`${helperLabel}=${cloud.name}.${droplet}`] };
  const seen = await cloud.engine.call("GET", "/containers/json", { query: { all: true, filters } });
  for (const { Id } of seen.json() as { Id: string }[])
    await cloud.engine.call("DELETE", `/containers/${Id}`, { query: { force: true, v: true }, accept: [404, 409] });
}
