import { perform } from "./actions.ts";
import { type ActionRecord, actionsOf } from "./bodies.ts";
import { notFound, unprocessable } from "./http.ts";
import { exclusively } from "./lock.ts";
import { type Cloud, look } from "./state.ts";
import { type DropletRecord, type Note, newId, writeNote } from "./store.ts";

/** Refuses by throwing, or gives what is to be remembered of the action: its `type`, and what it concerns. */
export type Check = (droplet: DropletRecord) => Promise<Readonly<Record<string, string>>>;

/** Notes an action of a droplet, unless it has one that goes on, and does it behind the answer. */
export async function beginAction(cloud: Cloud, id: number, check: Check): Promise<ActionRecord> {
  const action = await exclusively(`pending ${id}`, async () => {
    const { droplets, actions } = await look(cloud);
    const droplet = droplets.find((other) => other.id === id);
    if (droplet === undefined) throw notFound();
    if (actions.some((one) => one.droplet === id && one.status === "in-progress"))
      throw unprocessable("Droplet already has a pending event.");
    const data = await check(droplet);
    const note = await writeNote(cloud.engine, cloud.name, { kind: "action", id: String(newId()), droplet: id, data });
    return told([note], [droplet]);
  });
  cloud.behind(`action ${action.id}`, () => perform(cloud, action.id));
  return action;
}

/** Notes an action that concerns no droplet and is done already. */
export async function noteDone(cloud: Cloud, data: Readonly<Record<string, string>>): Promise<ActionRecord> {
  const note = { id: String(newId()), droplet: undefined };
  const ended = { ...data, status: "completed" };
  // Its end first: an action without one would be taken up.
  const end = await writeNote(cloud.engine, cloud.name, { ...note, kind: "ended", data: ended });
  const begun = await writeNote(cloud.engine, cloud.name, { ...note, kind: "action", data });
  return told([begun, end], []);
}

function told(notes: readonly Note[], droplets: readonly DropletRecord[]): ActionRecord {
  const id = Number(notes[0]?.id);
  const action = actionsOf(droplets, notes).find((one) => one.id === id);
  if (action === undefined) throw new Error(`no action ${id}`);
  return action;
}
