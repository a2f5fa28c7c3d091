import { type Attached, attachedList, attachedPaths } from "./attached-files.ts";
import { statusIn } from "./start-container.ts";
import type { Cloud } from "./state.ts";
import type { DropletRecord } from "./store.ts";
import { type TarFile, tar } from "./tar.ts";

/** What tells a droplet at its next boot what is attached to it. */
export const attachedFile = (attached: Attached): TarFile => ({
  path: attachedPaths.list,
  content: attachedList(attached),
});

/** Tells a droplet what is attached to it, now if it runs and at each boot. */
export async function tellAttached(cloud: Cloud, droplet: DropletRecord, attached: Attached): Promise<void> {
  const body = tar([attachedFile(attached)]);
  await cloud.engine.call("PUT", `/containers/${droplet.container}/archive`, { query: { path: "/" }, body });
  if (droplet.status === "active") await statusIn(cloud.engine, droplet.container, [attachedPaths.script]);
}
