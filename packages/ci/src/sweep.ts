import { removeContainer, removeVolumes } from "./container.ts";
import type { Context } from "./context.ts";
import { unlessGone } from "./docker.ts";
import { passingPrefix } from "./image-step.ts";

/**
 * Removes what an interrupted run left on the engine, found by label: containers, networks, names of unfinished images, and
 * volumes that hold no result that the journal knows. Only one CI works on a repository, so whatever is found belongs to no one.
 */
export async function sweep(context: Context): Promise<void> {
  const { docker, repository, clock, cached } = context;
  const label = [`slipway.ci=${repository.name}`];
  for (const { Id } of await docker.listContainers({ all: true, filters: { label } }))
    await removeContainer(docker, Id);
  for (const { Id } of await docker.listNetworks({ filters: { label } }))
    await unlessGone(docker.getNetwork(Id).remove());
  const known = new Set([...cached.values()].flatMap((step) => step.outputs));
  const { Volumes: volumes } = await docker.listVolumes({ filters: { label } });
  await removeVolumes(
    docker,
    (volumes ?? []).map((volume) => volume.Name).filter((name) => !known.has(name)),
    clock,
  );
  const unfinished = passingPrefix(repository);
  for (const image of await docker.listImages()) {
    for (const tag of image.RepoTags ?? [])
      if (tag.startsWith(unfinished)) await unlessGone(docker.getImage(tag).remove());
  }
}
