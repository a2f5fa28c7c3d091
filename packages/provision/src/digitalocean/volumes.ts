import { CallError } from "../client/request.ts";
import type { Volume } from "../client/volumes.ts";
import { fail } from "../errors.ts";
import { madeByEither } from "../made-by-either.ts";
import { ownership, refuseOthers } from "../owners.ts";
import { refuseProtected } from "../protection.ts";
import type { Links, Makes } from "../provider.ts";
import { filesystemOf, refOf, type Seen, type SeenMachine, type WantedVolume } from "../resource.ts";
import { intentTag, protectedTag, stacksOfTags, stackTag, volumeNameOf, volumeTag } from "../tags.ts";
import { act, appeared, type Context, retag, whileBusy } from "./context.ts";

/** Names are lower-case, unique in a region, and begin with a letter. */
const nameOf = (stack: string, name: string): string => `${/^[a-z]/.test(stack) ? "" : "s"}${stack}-${name}`;

const letGoMs = 120_000;

/** How long another operator may take to attach what it made. */
const ledMs = 30_000;

/** Whether a detaching was refused because there was nothing to be detached. */
const isLoose = ({ status, message }: CallError): boolean =>
  status === 422 && /not attached|attachment not found/i.test(message);

export function volumeOf(
  volume: Volume,
  stack: string,
  machines: readonly SeenMachine[],
  adopted?: string,
): Seen<"volume"> {
  const tags = volume.tags.map((tag) => tag.toLowerCase());
  const whose = ownership(stacksOfTags(tags), stack);
  const attachedTo = String(volume.droplet_ids[0] ?? "");
  const machine = machines.find((one) => one.id === attachedTo && one.ours && !one.retired);
  return {
    kind: "volume",
    name: (whose.ours ? volumeNameOf(tags) : adopted) ?? volume.name.replace(nameOf(stack, ""), ""),
    id: volume.id,
    ...whose,
    dollarsMonthly: 0,
    region: volume.region?.slug ?? "",
    gigabytes: volume.size_gigabytes,
    ...filesystemOf(volume.filesystem_type),
    protect: isTaggedProtected(volume),
    attachedTo,
    device: `/dev/disk/by-id/scsi-0DO_Volume_${volume.name}`,
    ...(machine !== undefined && { machine: machine.name }),
  };
}

const isTaggedProtected = ({ tags }: Volume): boolean => tags.some((tag) => tag.toLowerCase() === protectedTag);

export function volumesOf(context: Context, stack: string): Makes<"volume"> {
  const { client } = context;
  const found = async ({ name, region }: WantedVolume, tag: string): Promise<Volume | undefined> =>
    (await client.volumes.list({ name: nameOf(stack, name), region })).find((one) => one.tags.includes(tag));

  /** Where it is attached, as of now. */
  const attached = async (id: string): Promise<number | undefined> => (await client.volumes.get(id)).droplet_ids[0];
  const does = (
    id: string,
    asked: Parameters<typeof client.volumes.act>[1],
    done: (volume: Volume) => boolean,
  ): Promise<void> =>
    act(context, {
      begin: () => client.volumes.act(id, asked),
      look: (action) => client.volumes.action(id, action),
      done: async () => done(await client.volumes.get(id)),
    });
  /** A machine that is being destroyed lets go by itself, and is still named for a while after. Rejects with a 404 only when the volume is gone. */
  const detach = async (id: string, region: string): Promise<void> => {
    const { clock, signal } = context;
    const until = clock.monotonic() + letGoMs;
    for (;;) {
      const on = await attached(id);
      if (on === undefined) return;
      if (clock.monotonic() > until) throw fail("machine.slow", `the volume ${id} stays attached to ${on}`);
      try {
        return await does(
          id,
          { type: "detach", droplet_id: on, region },
          ({ droplet_ids }) => !droplet_ids.includes(on),
        );
      } catch (error) {
        if (!(error instanceof CallError && (error.status === 404 || isLoose(error)))) throw error;
      }
      await clock.sleep(1_000, signal);
    }
  };
  const lead = async (id: string, wanted: WantedVolume, links: Links): Promise<void> => {
    const machine =
      wanted.machine === undefined ? undefined : links.get(refOf({ kind: "machine", name: wanted.machine }));
    if (machine === undefined) {
      if (wanted.machine === undefined) await detach(id, wanted.region);
      return;
    }
    if ((await attached(id)) === Number(machine.id)) return;
    await detach(id, wanted.region);
    const droplet = Number(machine.id);
    await does(id, { type: "attach", droplet_id: droplet, region: wanted.region }, ({ droplet_ids }) =>
      droplet_ids.includes(droplet),
    );
  };
  /** One that another operator made at the same time is at that one's machine before long, and is not taken from it. */
  const leadTheirs = async (id: string, wanted: WantedVolume, links: Links): Promise<void> => {
    const on = await appeared({ ...context, lagMs: ledMs }, () => attached(id));
    const machine = links.get(refOf({ kind: "machine", name: wanted.machine ?? "" }));
    if (on !== undefined && on !== Number(machine?.id))
      throw fail("plan.stale", `another operator made volume ${wanted.name} at the same time, for machine ${on}`);
    await lead(id, wanted, links);
  };

  return {
    async create(wanted, links, { id, begun }) {
      const lost = begun ? await appeared(context, () => found(wanted, intentTag(id))) : undefined;
      const body = {
        name: nameOf(stack, wanted.name),
        region: wanted.region,
        size_gigabytes: wanted.gigabytes,
        ...(wanted.filesystem !== undefined && { filesystem_type: wanted.filesystem }),
        tags: [stackTag(stack), volumeTag(wanted.name), intentTag(id), ...(wanted.protect ? [protectedTag] : [])],
      };
      const theirs = async (): Promise<Volume | undefined> => {
        const one = await found(wanted, volumeTag(wanted.name));
        return one !== undefined && volumeOf(one, stack, []).ours ? one : undefined;
      };
      const { made, own } = await madeByEither({
        lost,
        make: () => client.volumes.create(body),
        theirs: () => appeared(context, theirs),
      });
      if (wanted.machine !== undefined) await (own ? lead : leadTheirs)(made.id, wanted, links);
      return volumeOf(made, stack, []);
    },
    async update(seen, wanted, fields, links) {
      const region = seen.region;
      if (fields.includes("machine")) await lead(seen.id, { ...wanted, region }, links);
      if (fields.includes("gigabytes"))
        await does(
          seen.id,
          { type: "resize", size_gigabytes: wanted.gigabytes, region },
          ({ size_gigabytes }) => size_gigabytes === wanted.gigabytes,
        );
      if (fields.includes("protect"))
        await retag(context, "volume", seen.id, {
          add: wanted.protect ? [protectedTag] : [],
          remove: wanted.protect ? [] : [protectedTag],
        });
    },
    async remove(seen) {
      try {
        refuseProtected(seen, isTaggedProtected(await client.volumes.get(seen.id)));
        await whileBusy(
          context,
          async () => {
            await detach(seen.id, seen.region);
            await client.volumes.remove(seen.id);
          },
          (error) => error instanceof CallError && error.status === 409,
        );
      } catch (error) {
        if (!(error instanceof CallError && error.status === 404)) throw error;
      }
    },
    async adopt(seen, wanted) {
      refuseOthers(`volume ${seen.id}`, stacksOfTags((await client.volumes.get(seen.id)).tags), stack);
      await retag(context, "volume", seen.id, {
        add: [stackTag(stack), volumeTag(wanted.name), ...(wanted.protect ? [protectedTag] : [])],
        remove: [],
      });
    },
  };
}
