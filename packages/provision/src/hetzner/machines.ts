import { CallError } from "../client/request.ts";
import { fail } from "../errors.ts";
import { ownership, refuseOthers } from "../owners.ts";
import { refuseProtected } from "../protection.ts";
import type { Makes } from "../provider.ts";
import { ipv4Of, type SeenMachine, specAfter, type WantedMachine } from "../resource.ts";
import { generateSshKey } from "../ssh-key.ts";
import { hostUserData } from "../user-data.ts";
import { selectorOf } from "./calls.ts";
import { act, type Context, whileBusy } from "./context.ts";
import {
  changingLabels,
  isChanging,
  isHostKey,
  keyLabels,
  type Labels,
  label,
  labelsOf,
  readLabels,
  stacksOf,
} from "./marks.ts";
import type { Server } from "./shapes.ts";

const statuses: Readonly<Record<string, SeenMachine["status"]>> = {
  running: "active",
  off: "off",
  initializing: "new",
};

/** A server as the stack's machine; under the name `adopted` when it is to become that. */
export function machineOf(server: Server, stack: string, adopted?: string): SeenMachine {
  const { labels } = server;
  const whose = ownership(stacksOf(labels), stack);
  const name = (whose.ours ? labels[label.host] : adopted) ?? server.name.toLowerCase();
  return {
    kind: "machine",
    name,
    id: String(server.id),
    ...whose,
    dollarsMonthly: 0,
    label: spareOf(server.name, labels) ? name : server.name,
    // What starts, stops or moves is on its way: neither to be started nor to be logged into.
    status: statuses[server.status] ?? "new",
    address: ipv4Of(server.public_net.ipv4?.ip),
    privateAddress: ipv4Of(server.private_net?.[0]?.ip),
    created: server.created,
    region: server.location?.name ?? server.datacenter?.location.name ?? "",
    size: server.server_type.name,
    image: labels[label.image] ?? server.image?.name ?? String(server.image?.id ?? ""),
    diskGb: server.primary_disk_size,
    backups: typeof server.backup_window === "string",
    ...readLabels(labels),
    protect: isProtected(server),
  };
}

/** By Slipway's mark, or by Hetzner's own protection alone: somebody else gave it that. */
const isProtected = ({ labels, protection }: Server): boolean =>
  protection.delete || Object.hasOwn(labels, label.protected);

/** A name that is given while another server of the project has the host's own: names are unique there. */
const spare = (name: string, intent: string): string => `${name}-${intent.slice(0, 8)}`;
const spareOf = (name: string, labels: Labels): boolean =>
  name.toLowerCase() === spare(labels[label.host] ?? "", labels[label.intent] ?? "").toLowerCase();

const idOf = (machine: Pick<SeenMachine, "id">): number => Number(machine.id);

async function serverOf({ client }: Context, machine: SeenMachine): Promise<Server> {
  const server = await client.servers.get(idOf(machine));
  if (server === undefined) throw fail("cloud.absent", `server ${machine.id} of host ${machine.name} is gone`);
  return server;
}

/** Changes labels as they are now; the API takes them all at once. */
async function relabel(context: Context, machine: SeenMachine, change: (labels: Labels) => Labels): Promise<void> {
  const { id, labels } = await serverOf(context, machine);
  const next = change(labels);
  const names = new Set([...Object.keys(labels), ...Object.keys(next)]);
  if ([...names].every((name) => labels[name] === next[name])) return;
  await context.client.servers.update(id, { labels: next });
}

export function machinesOf(context: Context): Makes<"machine"> {
  const { client, stack } = context;
  return {
    async create(wanted, links, { id: intent, begun }) {
      const find = async (): Promise<Server | undefined> =>
        (await client.servers.list(selectorOf(label.intent, intent)))[0];
      const lost = begun ? await client.appears(find) : undefined;
      const server = lost ?? (await make(context, wanted, { intent, find, keys: keysOf(links) }));
      const machine = machineOf(server, stack);
      if (wanted.protect) await protect(context, machine, true);
      if (wanted.backups) await act(context, () => client.servers.act(server.id, "enable_backup"));
      return machine;
    },

    async update(seen, wanted, fields) {
      if (fields.includes("name")) await client.servers.update(idOf(seen), { name: wanted.name });
      if (fields.includes("backups"))
        await act(context, () => client.servers.act(idOf(seen), wanted.backups ? "enable_backup" : "disable_backup"));
      if (fields.includes("size")) await resize(context, seen, wanted);
      // The mark of protection goes only when that is what was planned.
      const keep = seen.protect && !fields.includes("protect");
      const { [label.spec]: _spec, ...changing } = changingLabels(wanted);
      const spec = specAfter(seen, wanted, fields);
      const asked = {
        ...changing,
        ...(keep && { [label.protected]: "" }),
        ...(spec !== undefined && { [label.spec]: spec }),
      };
      await relabel(context, seen, (labels) => ({ ...without(labels, isChanging), ...asked }));
      if (fields.includes("protect")) await protect(context, seen, wanted.protect);
    },

    async remove(seen) {
      const there = await client.servers.get(idOf(seen));
      refuseProtected(seen, there !== undefined && isProtected(there));
      await whileBusy(context, () => client.servers.remove(idOf(seen)));
    },

    async adopt(seen, wanted) {
      const marks = { [label.stack]: stack, [label.host]: wanted.name.toLowerCase() };
      await relabel(context, seen, (labels) => {
        refuseOthers(`server ${seen.id}`, stacksOf(labels), stack);
        return {
          ...labels,
          ...marks,
          ...Object.fromEntries(Object.entries(changingLabels(wanted)).filter(([name]) => name !== label.spec)),
        };
      });
      if (wanted.protect) await protect(context, seen, true);
    },
  };
}

const without = (labels: Labels, drop: (name: string) => boolean): Labels =>
  Object.fromEntries(Object.entries(labels).filter(([name]) => !drop(name)));

const keysOf = (links: ReadonlyMap<string, { readonly kind: string; readonly id: string }>): readonly number[] =>
  [...links.values()].flatMap((one) => (one.kind === "key" ? [Number(one.id)] : []));

interface Making {
  readonly intent: string;
  readonly find: () => Promise<Server | undefined>;
  readonly keys: readonly number[];
}

async function make(context: Context, wanted: WantedMachine, { intent, find, keys }: Making): Promise<Server> {
  const { client, stack } = context;
  const hostKey = generateSshKey(wanted.name);
  const post = async (name: string): Promise<Server> => {
    // A machine is called as its host is, also under a spare name.
    const own = name === wanted.name ? wanted.userData : named(wanted);
    const { server } = await client.servers.create({
      name,
      server_type: wanted.size,
      image: /^\d+$/.test(wanted.image) ? Number(wanted.image) : wanted.image,
      location: wanted.region,
      ssh_keys: keys,
      labels: labelsOf(stack, wanted, hostKey.publicKey, intent),
      user_data: hostUserData(hostKey, own),
    });
    return server;
  };
  try {
    return await client.once(() => post(wanted.name), find);
  } catch (error) {
    if (!(error instanceof CallError && error.code === "name.taken")) throw error;
    // A run that was cut off may have made it; lists may not show it yet.
    const holder = await client.appears(async () => (await client.servers.named(wanted.name))[0]);
    if (holder !== undefined && isMachineOf(holder, stack, wanted)) return holder;
    return client.once(() => post(spare(wanted.name, intent)), find);
  }
}

const isMachineOf = ({ labels }: Server, stack: string, { name }: WantedMachine): boolean =>
  labels[label.stack] === stack && labels[label.host] === name.toLowerCase() && !Object.hasOwn(labels, label.retired);

/** The user data with the host's name in it. */
function named({ name, userData = "" }: WantedMachine): string {
  if (userData.startsWith("#!")) return userData;
  const config = userData.trim() === "" ? "#cloud-config\n" : userData;
  return /^hostname:/m.test(config) ? config : `${config.trimEnd()}\nhostname: ${JSON.stringify(name)}\n`;
}

async function protect(context: Context, machine: SeenMachine, on: boolean): Promise<void> {
  const { client } = context;
  await act(context, () => client.servers.act(idOf(machine), "change_protection", { delete: on, rebuild: on }));
}

const shutdownMs = 60_000;

/** Switched off, given its new type and a disk of that size, switched on. */
async function resize(context: Context, seen: SeenMachine, wanted: WantedMachine): Promise<void> {
  const { client, clock, signal } = context;
  const id = idOf(seen);
  const status = async (): Promise<string> => (await serverOf(context, seen)).status;
  if ((await status()) !== "off") {
    await act(context, () => client.servers.act(id, "shutdown"));
    const until = clock.monotonic() + shutdownMs;
    while ((await status()) !== "off" && clock.monotonic() < until) await clock.sleep(1_000, signal);
    if ((await status()) !== "off") await act(context, () => client.servers.act(id, "poweroff"));
  }
  const asked = { server_type: wanted.size, upgrade_disk: true };
  try {
    if ((await serverOf(context, seen)).server_type.name !== wanted.size)
      await act(context, () => client.servers.act(id, "change_type", asked));
  } catch (error) {
    // It served before: what its location has no room for must not keep it off.
    await start(context, seen).catch(() => {});
    throw error;
  }
  await act(context, () => client.servers.act(id, "poweron"));
}

export const start = async (context: Context, machine: SeenMachine): Promise<void> => {
  await whileBusy(context, () => context.client.servers.act(idOf(machine), "poweron"));
};

export async function pin(
  context: Context,
  machine: SeenMachine,
  keys: readonly string[],
  fresh: boolean,
): Promise<void> {
  if (keys.length === 0) throw fail("machine.hostkey", `${machine.name} must keep a host key`);
  await relabel(context, machine, (labels) => ({
    ...without(labels, (name) => isHostKey(name) || name === label.fresh),
    ...keyLabels(keys),
    ...(fresh && { [label.fresh]: "" }),
  }));
}

export const retire = (context: Context, machine: SeenMachine): Promise<void> =>
  relabel(context, machine, (labels) => ({ ...labels, [label.retired]: "" }));
