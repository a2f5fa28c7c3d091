import type { CachedStep } from "./cache.ts";
import { surplus } from "./cache.ts";
import { removeVolumes } from "./container.ts";
import type { Context } from "./context.ts";
import { unlessGone } from "./docker.ts";
import { runFolder } from "./repository.ts";
import type { Run } from "./runs.ts";

/** What to keep of earlier runs. Pure. */
export interface Kept {
  /** Commits whose images stay: of the newest runs that passed. */
  readonly commits: ReadonlySet<string>;
  /** Runs whose logs go. */
  readonly logs: readonly string[];
}

export function keep(runs: readonly Run[], options: { readonly images: number; readonly logs: number }): Kept {
  const passed = runs.filter((run) => run.state === "passed").toReversed();
  const commits = passed
    .flatMap((run) => (run.candidate === undefined ? [] : [run.candidate]))
    .slice(0, options.images);
  const ended = runs.filter((run) => run.finishedAt !== undefined);
  // Only the newest of those that go: the older ones went when later runs ended, and more than one when the number was lowered.
  const logs = ended
    .slice(0, Math.max(0, ended.length - options.logs))
    .slice(-20)
    .map((run) => run.id);
  return { commits: new Set(commits), logs };
}

/** Removes results, images and logs that are too old. Images in use stay: the engine refuses. */
export async function forgetOld(
  context: Context,
  cached: Map<string, CachedStep>,
  runs: readonly Run[],
): Promise<void> {
  const { docker, policy, repository, connection } = context;
  for (const key of surplus(cached, policy.keepResults)) {
    const volumes = cached.get(key)?.outputs ?? [];
    cached.delete(key);
    await removeVolumes(docker, volumes, context.clock);
  }
  const { commits, logs } = keep(runs, { images: policy.keepImages, logs: policy.keepLogs });
  for (const image of await docker.listImages({ filters: { label: [`slipway.repository=${repository.name}`] } })) {
    const commit = image.Labels?.["slipway.commit"];
    if (commit === undefined || commits.has(commit)) continue;
    for (const tag of image.RepoTags ?? [])
      if (tag.endsWith(`:${commit}`)) await unlessGone(docker.getImage(tag).remove());
  }
  if (logs.length > 0)
    await connection.exec(["rm", "-rf", "--", ...logs.map((run) => runFolder(repository, run))], { timeoutMs: 60_000 });
}
