import { messageOf } from "@slipway/model";
import { fail } from "../errors.ts";
import { hasStatus } from "./engine.ts";
import { fetchImage } from "./fetch-image.ts";
import { finishHost, hostFiles } from "./host-files.ts";
import { exclusively } from "./lock.ts";
import {
  dropImage,
  type ImageData,
  imageKind,
  imagesLock,
  importLock,
  importName,
  readImages,
  saveImage,
} from "./own-images.ts";
import { putResource } from "./resources.ts";
import { runHelper, withHelper } from "./snapshot.ts";
import type { Cloud } from "./state.ts";
import { tar } from "./tar.ts";

/**
 * Fetches a custom image and makes it one of the account's own, unless somebody did; why that cannot be is noted on it. It has to be an archive of
 * a root file system, plain or packed by gzip, bzip2 or xz, with systemd and sshd in it: a container has no disk that an image of one could be
 * written to.
 */
export function importImage(cloud: Cloud, id: number): Promise<void> {
  return exclusively(importLock(cloud, id), async () => {
    const image = (await readImages(cloud)).find((one) => one.id === id);
    if (image?.status !== "NEW" || image.url === undefined) return;
    const { id: _id, status: _status, gigabytes: _gigabytes, ...data } = image;
    try {
      await fetchInto(cloud, id, data, image.url);
    } catch (error) {
      await putResource(cloud, imageKind, String(id), { ...data, error: messageOf(error) });
    }
  });
}

async function fetchInto(cloud: Cloud, id: number, data: ImageData, url: string): Promise<void> {
  const { engine } = cloud;
  const body = await fetchImage(url);
  const name = importName(cloud, id);
  const [repo, tag] = name.split(":") as [string, string];
  let broken: Error | undefined;
  body.on("error", (error) => {
    broken = error;
  });
  const taken = await engine
    .call("POST", "/images/create", { query: { fromSrc: "-", repo, tag }, body })
    .then(({ text }) => text)
    .catch((error: unknown) => {
      // What broke the call to the engine says more than that it broke.
      if (broken !== undefined) throw broken;
      if (!hasStatus(error, 500)) throw error;
      return messageOf(error);
    })
    .finally(() => body.destroy());
  if (/"error"|tar file/.test(taken))
    throw fail("image.failed", "We don't support the file format of your image: it has to be a tar archive.");
  try {
    await exclusively(imagesLock(cloud), () =>
      withHelper(engine, { cloud, id, image: name, of: "0", command: finishHost }, async (helper) => {
        await engine.call("PUT", `/containers/${helper}/archive`, { query: { path: "/" }, body: tar(hostFiles) });
        await runHelper(engine, helper).catch((error: unknown) => {
          throw fail("image.failed", "We don't support your image: it needs systemd and an OpenSSH server.", {
            cause: error,
          });
        });
        await saveImage(cloud, helper, id, data);
      }),
    );
  } finally {
    await dropImage(cloud, name);
  }
}
