import { sh } from "@slipway/model";
import { otherSlot } from "./names.ts";
import type { Deployment } from "./record.ts";
import { engineStatus, type Target } from "./target.ts";

/** Image ids of the host's release record. */
export interface PrunableImages {
  /** Of the releases that are kept. */
  readonly keep: ReadonlySet<string>;
  /** Of every release that was ever brought to this host: what is not among them came otherwise, and stays. */
  readonly known: ReadonlySet<string>;
}

/**
 * Removes images of this application (by name and full commit) that were deployed here and that no kept release needs, and the secrets of
 * the slot that is not used. Never volumes, never data, never an image in use, never one that was not deployed here, as where CI builds
 * on the same engine. Gives the names removed.
 */
export async function prune(
  target: Target,
  deployment: Deployment,
  images: PrunableImages,
): Promise<readonly string[]> {
  const { docker, app } = target;
  const ours = new RegExp(`^${app}/[a-z0-9-]+:[0-9a-f]{40}(?:[0-9a-f]{24})?$`);
  const removed: string[] = [];
  for (const image of await docker.listImages({ filters: { reference: [`${app}/*`] } })) {
    if (images.keep.has(image.Id) || !images.known.has(image.Id)) continue;
    for (const name of (image.RepoTags ?? []).filter((tag) => ours.test(tag))) {
      await target.check();
      try {
        await docker.getImage(name).remove();
        removed.push(name);
      } catch (error) {
        // 409: a container uses it; 404: gone already.
        if (engineStatus(error) !== 409 && engineStatus(error) !== 404) throw error;
      }
    }
  }
  const unused = `${target.paths.secrets}/${otherSlot(deployment.slot)}`;
  await target.change("remove unused secrets", sh`rm -rf ${unused}`);
  return removed;
}
