import { fail } from "../errors.ts";
import { madeByEither } from "../made-by-either.ts";
import { ownership, refuseOthers } from "../owners.ts";
import { refuseProtected } from "../protection.ts";
import type { Links, Makes } from "../provider.ts";
import { filesystemOf, refOf, type Seen, type SeenMachine } from "../resource.ts";
import { selectorOf } from "./calls.ts";
import { act, type Context } from "./context.ts";
import { type Labels, label, stacksOf } from "./marks.ts";
import type { Volume } from "./shapes.ts";

/** A volume of the project; ours by its labels. */
export function volumeOf(
  volume: Volume,
  stack: string,
  machines: readonly SeenMachine[],
  adopted?: string,
): Seen<"volume"> {
  const { labels } = volume;
  const whose = ownership(stacksOf(labels), stack);
  const attachedTo = String(volume.server ?? "");
  const machine = machines.find((one) => one.id === attachedTo && one.ours && !one.retired);
  return {
    kind: "volume",
    name: (whose.ours ? labels[label.volume] : adopted) ?? volume.name,
    id: String(volume.id),
    ...whose,
    dollarsMonthly: 0,
    region: volume.location.name,
    gigabytes: volume.size,
    ...filesystemOf(volume.format),
    protect: isProtected(volume),
    attachedTo,
    ...(typeof volume.linux_device === "string" && { device: volume.linux_device }),
    ...(machine !== undefined && { machine: machine.name }),
  };
}

/** By Slipway's mark, or by Hetzner's own protection alone: somebody else gave it that. */
const isProtected = ({ labels, protection }: Volume): boolean =>
  protection.delete || Object.hasOwn(labels, label.protected);

export function volumesOf(context: Context): Makes<"volume"> {
  const { client, stack } = context;
  const attached = async (id: number): Promise<number | undefined> =>
    (await client.volumes.get(id))?.server ?? undefined;
  const detach = async (id: number): Promise<void> => {
    const loose = async (): Promise<boolean> => (await attached(id)) === undefined;
    if (!(await loose())) await act(context, () => client.volumes.act(id, "detach"), loose);
  };
  const lead = async (id: number, machine: string | undefined, links: Links): Promise<void> => {
    const to = machine === undefined ? undefined : links.get(refOf({ kind: "machine", name: machine }));
    if (machine !== undefined && to === undefined) return;
    const server = to === undefined ? undefined : Number(to.id);
    const leads = async (): Promise<boolean> => (await attached(id)) === server;
    if (await leads()) return;
    await detach(id);
    if (server !== undefined)
      await act(context, () => client.volumes.act(id, "attach", { server, automount: false }), leads);
  };
  /** One that another operator made at the same time is at that one's server before long, and is not taken from it. */
  const leftWhere = async (id: number, machine: string | undefined, links: Links): Promise<void> => {
    const on = await client.appears(() => attached(id));
    if (on !== undefined && String(on) !== links.get(refOf({ kind: "machine", name: machine ?? "" }))?.id)
      throw fail("plan.stale", `another operator made volume ${id} at the same time, for server ${on}`);
  };
  const protect = (id: number, on: boolean): Promise<void> =>
    act(context, () => client.volumes.act(id, "change_protection", { delete: on }));
  const relabel = async (id: number, change: (labels: Labels) => Labels): Promise<void> => {
    const volume = await client.volumes.get(id);
    if (volume !== undefined) await client.volumes.update(id, { labels: change(volume.labels) });
  };

  return {
    async create(wanted, links, { id: intent, begun }) {
      const find = async (): Promise<Volume | undefined> =>
        (await client.volumes.list(selectorOf(label.intent, intent)))[0];
      const body = {
        name: `${stack}-${wanted.name}`,
        size: wanted.gigabytes,
        location: wanted.region,
        ...(wanted.filesystem !== undefined && { format: wanted.filesystem }),
        labels: {
          [label.stack]: stack,
          [label.volume]: wanted.name,
          [label.intent]: intent,
          ...(wanted.protect && { [label.protected]: "" }),
        },
      };
      const lost = begun ? await client.appears(find) : undefined;
      const theirs = async (): Promise<Volume | undefined> =>
        (await client.volumes.list(selectorOf(label.stack, stack))).find((one) => one.name === body.name);
      const { made, own } = await madeByEither({
        lost,
        make: () => client.once(() => client.volumes.create(body), find),
        theirs: () => client.appears(theirs),
      });
      if (!own) await leftWhere(made.id, wanted.machine, links);
      if (wanted.machine !== undefined) await lead(made.id, wanted.machine, links);
      if (wanted.protect) await protect(made.id, true);
      return volumeOf(made, stack, []);
    },
    async update(seen, wanted, fields, links) {
      const id = Number(seen.id);
      if (fields.includes("machine")) await lead(id, wanted.machine, links);
      if (fields.includes("gigabytes"))
        await act(context, () => client.volumes.act(id, "resize", { size: wanted.gigabytes }));
      if (!fields.includes("protect")) return;
      await relabel(id, ({ [label.protected]: _protected, ...labels }) => ({
        ...labels,
        ...(wanted.protect && { [label.protected]: "" }),
      }));
      await protect(id, wanted.protect);
    },
    async remove(seen) {
      const id = Number(seen.id);
      const volume = await client.volumes.get(id);
      if (volume === undefined) return;
      refuseProtected(seen, isProtected(volume));
      await detach(id);
      await client.volumes.remove(id);
    },
    async adopt(seen, wanted) {
      const marks = { [label.stack]: stack, [label.volume]: wanted.name };
      await relabel(Number(seen.id), (labels) => {
        refuseOthers(`volume ${seen.id}`, stacksOf(labels), stack);
        return { ...labels, ...marks, ...(wanted.protect && { [label.protected]: "" }) };
      });
      if (wanted.protect) await protect(Number(seen.id), true);
    },
  };
}
