import { perform } from "./actions.ts";
import { type ActionRecord, actionsOf } from "./bodies.ts";
import type { ImageSlug } from "./catalog.ts";
import type { Engine } from "./engine.ts";
import { exclusively } from "./lock.ts";
import { prepare } from "./plumbing.ts";
import { bootHost } from "./start-container.ts";
import { type DropletRecord, type Note, readStore, removeNote } from "./store.ts";

/** What the handlers of one cloud share: the engine, and the work that goes on behind an answer. */
export interface Cloud {
  readonly engine: Engine;
  readonly name: string;
  /** Name of a host image in the engine; built at the first call that needs it. */
  readonly image: (slug: ImageSlug) => Promise<string>;
  /** Makes the filter of the firewalls what they say; see `applyFilter`. Rejects when that fails. */
  readonly filter: () => Promise<void>;
  /** Runs work once at a time per key in this process, after the answer. */
  readonly behind: (key: string, work: () => Promise<void>) => void;
}

export interface View {
  readonly droplets: readonly DropletRecord[];
  readonly notes: readonly Note[];
  readonly actions: readonly ActionRecord[];
}

/**
 * Reads the cloud, and takes up what a process left half-way: a droplet that was created but never started, an action without an end, a note
 * whose droplet is gone. Whoever still works on it holds its lock, so nothing is done twice.
 */
export async function look(cloud: Cloud): Promise<View> {
  const { droplets, notes } = await readStore(cloud.engine, cloud.name);
  const actions = actionsOf(droplets, notes);
  for (const droplet of droplets)
    if (droplet.status === "new") cloud.behind(`boot ${droplet.id}`, () => boot(cloud, droplet.id));
  for (const action of actions)
    if (action.status === "in-progress" && action.type !== "create")
      cloud.behind(`action ${action.id}`, () => perform(cloud, action.id));
  const known = new Set(droplets.map((droplet) => droplet.id));
  for (const note of notes)
    if (note.droplet !== undefined && !known.has(note.droplet))
      cloud.behind(`note ${note.volume}`, () => removeNote(cloud.engine, note));
  return { droplets, notes, actions };
}

/** Starts a created droplet for the first time, unless somebody did. */
export function boot(cloud: Cloud, id: number): Promise<void> {
  return exclusively(`droplet ${id}`, async () => {
    const { droplets } = await readStore(cloud.engine, cloud.name);
    const droplet = droplets.find((one) => one.id === id);
    if (droplet?.status !== "new") return;
    await prepare(cloud, droplet);
    await bootHost(cloud.engine, droplet.container, {
      hostname: droplet.name,
      rootKeys: droplet.rootKeys,
      userData: droplet.userData,
    });
  });
}
