import type { Droplet } from "../client/droplets.ts";
import { CallError } from "../client/request.ts";
import { fail } from "../errors.ts";
import { ownership, refuseOthers } from "../owners.ts";
import { refuseProtected } from "../protection.ts";
import type { Makes } from "../provider.ts";
import { ipv4Of, ipv6Of, type SeenMachine, specAfter, type WantedMachine } from "../resource.ts";
import { generateSshKey } from "../ssh-key.ts";
import {
  changingTags,
  firewallTag,
  freshTag,
  intentTag,
  isOfOneMachine,
  keyTags,
  machineTag,
  protectedTag,
  readTags,
  reservedOfTags,
  retiredTag,
  specTag,
  stacksOfTags,
  stackTag,
  tagsOf,
} from "../tags.ts";
import { hostUserData } from "../user-data.ts";
import { type Context, finished, goneIsGood, retag, whileBusy } from "./context.ts";

/** The public addresses of a droplet that its tags do not tell to be reserved ones. */
function publicOf({ networks, tags }: Droplet): readonly string[] {
  const reserved = new Set(reservedOfTags(tags));
  return networks.v4.flatMap(({ type, ip_address: ip }) => (type === "public" && !reserved.has(ip) ? [ip] : []));
}

/** Reserved addresses, as far as droplets have some that their tags do not tell of: one that somebody just gave them. */
export async function reservedAmong({ client }: Context, droplets: readonly Droplet[]): Promise<ReadonlySet<string>> {
  if (droplets.every((one) => publicOf(one).length < 2)) return new Set();
  return new Set((await client.reservedIps.list()).map((one) => one.ip));
}

/**
 * A droplet as the stack's machine; `ours` when this stack's tag and no other's is on it. `adopted` names one that shall become the stack's. Its
 * address is its own, never one of the reserved.
 */
export function machineOf(
  droplet: Droplet,
  stack: string,
  adopted?: string,
  reserved: ReadonlySet<string> = new Set(),
): SeenMachine {
  const { stack: _one, host, image, ...marks } = readTags(droplet.tags);
  const imageId = String(droplet.image.id ?? "");
  return {
    kind: "machine",
    name: adopted ?? host ?? droplet.name.toLowerCase(),
    id: String(droplet.id),
    ...ownership(stacksOfTags(droplet.tags), stack),
    dollarsMonthly: droplet.size?.price_monthly ?? 0,
    label: droplet.name,
    status: statusOf(droplet.status),
    address: ipv4Of(publicOf(droplet).find((ip) => !reserved.has(ip))),
    privateAddress: ipv4Of(droplet.networks.v4.find(({ type }) => type === "private")?.ip_address),
    ...addressSixOf(droplet),
    created: droplet.created_at,
    region: droplet.region.slug ?? "",
    size: droplet.size_slug,
    // A newer build takes the slug away from the image that a machine was made of; an image that has one may be asked for by its id.
    image: image === imageId ? imageId : (droplet.image.slug ?? image ?? imageId),
    diskGb: droplet.disk ?? 0,
    backups: droplet.features.includes("backups"),
    ...(isOtherwise(droplet.next_backup_window) && { otherBackups: true }),
    ...marks,
  };
}

function addressSixOf({ features, networks }: Droplet): Pick<SeenMachine, "ipv6" | "address6"> {
  const address6 = ipv6Of(networks.v6.find(({ type }) => type === "public")?.ip_address);
  if (address6 !== "") return { ipv6: true, address6 };
  return features.includes("ipv6") ? { ipv6: true } : {};
}

const statusOf = (text: string): SeenMachine["status"] =>
  text === "active" || text === "off" || text === "archive" ? text : "new";

/** Said, since DigitalOcean makes them daily, for more, when it is not. */
const weekly = { plan: "weekly", weekday: "SUN", hour: 4 } as const;

/**
 * Whether the next backup is none of a weekly one's. No list tells the policy; daily backups are seen by this on the days on which the next one is not
 * on a Sunday.
 */
function isOtherwise(window: Droplet["next_backup_window"]): boolean {
  const [start, end] = [window?.start, window?.end ?? window?.start].map((text) => new Date(text ?? "").getUTCDay());
  return start !== undefined && end !== undefined && start > 0 && end > 0;
}

const dropletIdOf = (machine: Pick<SeenMachine, "id">): number => Number(machine.id);

export function machinesOf(context: Context, stack: string): Makes<"machine"> {
  const { client } = context;
  return {
    async create(wanted, links, { id: intent, begun }) {
      const lost = begun ? await client.droplets.appeared(intentTag(intent)) : undefined;
      if (lost !== undefined) return { ...machineOf(lost, stack), intent };
      const hostKey = generateSshKey(wanted.name);
      const keys = [...links.values()].flatMap((one) => (one.kind === "key" ? [Number(one.id)] : []));
      const made = await client.droplets.create(
        {
          name: wanted.name,
          region: wanted.region,
          size: wanted.size,
          image: /^\d+$/.test(wanted.image) ? Number(wanted.image) : wanted.image,
          ssh_keys: keys,
          tags: tagsOf(stack, wanted, hostKey.publicKey),
          user_data: hostUserData(hostKey, wanted.userData),
          ...(wanted.ipv6 === true && { ipv6: true }),
          ...(wanted.backups && { backups: true, backup_policy: weekly }),
        },
        intentTag(intent),
      );
      return { ...machineOf(made, stack), intent };
    },

    async update(seen, wanted, fields) {
      const id = dropletIdOf(seen);
      if (fields.includes("name")) await act(context, id, { type: "rename", name: wanted.name });
      if (fields.includes("backups"))
        await act(
          context,
          id,
          wanted.backups
            ? { type: seen.backups ? "change_backup_policy" : "enable_backups", backup_policy: weekly }
            : { type: "disable_backups" },
        );
      if (fields.includes("ipv6")) await act(context, id, { type: "enable_ipv6" });
      const has = new Set([...changingTags(stack, seen), ...(seen.spec === undefined ? [] : [specTag(seen.spec)])]);
      const asks = new Set(changingTags(stack, wanted));
      // The mark of protection goes only when that is what was planned.
      if (seen.protect && !fields.includes("protect")) asks.add(protectedTag);
      const spec = specAfter(seen, wanted, fields);
      if (spec !== undefined) asks.add(specTag(spec));
      const key = (tag: string): string => tag.toLowerCase();
      const [hasKeys, askKeys] = [new Set([...has].map(key)), new Set([...asks].map(key))];
      const change = {
        add: [...asks].filter((tag) => !hasKeys.has(key(tag))),
        remove: [...has].filter((tag) => !askKeys.has(key(tag))),
      };
      if (fields.includes("size")) await resize(context, seen, wanted);
      await retag(context, "droplet", seen.id, change);
    },

    async remove(seen) {
      const id = dropletIdOf(seen);
      const tags = await tagsOn(context, id);
      refuseProtected(seen, readTags(tags).protect);
      // The machine last: while it is there, its tags are found again. Host tags stay: another stack may have a host of that name.
      for (const key of seen.hostPublicKeys) for (const tag of keyTags(key)) await client.tags.remove(tag);
      for (const tag of tags.filter(isOfOneMachine)) await client.tags.remove(tag);
      await whileBusy(context, () => client.droplets.remove(id));
    },

    async adopt(seen, wanted) {
      refuseOthers(`droplet ${seen.id}`, stacksOfTags(await tagsOn(context, dropletIdOf(seen))), stack);
      const marks = [
        `slipway:host:${wanted.name.toLowerCase().replaceAll(".", "_")}`,
        machineTag(stack, wanted.name),
        ...wanted.firewalls.map((name) => firewallTag(stack, name)),
        ...(wanted.protect ? [protectedTag] : []),
        // Last: until then it can be adopted again.
        stackTag(stack),
      ];
      await retag(context, "droplet", seen.id, { add: marks, remove: [] });
    },
  };
}

/** The tags of a droplet that may be gone. */
async function tagsOn({ client }: Context, id: number): Promise<readonly string[]> {
  try {
    return (await client.droplets.get(id)).tags;
  } catch (error) {
    if (error instanceof CallError && error.status === 404) return [];
    throw error;
  }
}

type Act = Parameters<Context["client"]["dropletActions"]["start"]>[1];

async function act(context: Context, id: number, asked: Act): Promise<void> {
  const { dropletActions } = context.client;
  const begun = await whileBusy(context, () => dropletActions.start(id, asked));
  await finished(context, begun, (action) => dropletActions.get(id, action));
}

const shutdownMs = 60_000;

/** Switched off, given its new size and a disk of that size, switched on. */
async function resize(context: Context, seen: SeenMachine, wanted: WantedMachine): Promise<void> {
  const id = dropletIdOf(seen);
  const { client, clock, signal } = context;
  const status = async (): Promise<string> => (await client.droplets.get(id)).status;
  if ((await status()) !== "off") {
    await whileBusy(context, () => client.dropletActions.start(id, { type: "shutdown" }));
    const until = clock.monotonic() + shutdownMs;
    while ((await status()) !== "off" && clock.monotonic() < until) await clock.sleep(1_000, signal);
    if ((await status()) !== "off") await act(context, id, { type: "power_off" });
  }
  const now = await client.droplets.get(id);
  try {
    if (now.size_slug !== wanted.size) await act(context, id, { type: "resize", size: wanted.size, disk: true });
  } catch (error) {
    // It served before: what its region has no room for must not keep it off.
    await start(context, seen).catch(() => {});
    throw error;
  }
  await act(context, id, { type: "power_on" });
}

export async function start(context: Context, machine: SeenMachine): Promise<void> {
  await whileBusy(context, () => context.client.dropletActions.start(dropletIdOf(machine), { type: "power_on" }));
}

export async function pin(
  context: Context,
  machine: SeenMachine,
  keys: readonly string[],
  fresh: boolean,
): Promise<void> {
  if (keys.length === 0) throw fail("machine.hostkey", `${machine.name} must keep a host key`);
  const wanted = keys.flatMap(keyTags);
  const has = new Set(machine.hostPublicKeys.flatMap(keyTags));
  const lacking = [...wanted.filter((tag) => !has.has(tag)), ...(fresh && !machine.fresh ? [freshTag] : [])];
  await retag(context, "droplet", machine.id, { add: lacking, remove: [] });
  const others = [...has].filter((tag) => !wanted.includes(tag));
  await Promise.all(others.map((tag) => context.client.tags.remove(tag)));
  if (!fresh && machine.fresh) await retag(context, "droplet", machine.id, { add: [], remove: [freshTag] });
}

export async function retire(context: Context, machine: SeenMachine): Promise<void> {
  await goneIsGood(() => retag(context, "droplet", machine.id, { add: [retiredTag], remove: [] }));
}
