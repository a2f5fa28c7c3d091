import type { Droplet } from "../client/droplets.ts";
import { CallError } from "../client/request.ts";
import type { ReservedIp } from "../client/reserved-ips.ts";
import { fail } from "../errors.ts";
import { ownership } from "../owners.ts";
import type { Links, Makes } from "../provider.ts";
import { refOf, type Seen, type SeenMachine } from "../resource.ts";
import { ipsOfTags, ipTag, stacksOfIp, stacksOfTags } from "../tags.ts";
import { act, appeared, type Context, retag, whileBusy } from "./context.ts";

// An address has no name and takes no tags: a tag of the machine that it leads to says which of the stack's it is. That tag is put there before the
// address is made, and the address is made as one that leads to that machine, so there is no moment in which nothing tells whose it is. Tags stay
// in the account when the machine that they are on is destroyed, by whomever: one that names an address which leads nowhere says whose that is.

/**
 * The addresses that tags of the stack's machines tell of, those that lead to one that waits for its own, those that lead nowhere since their
 * machine is gone, and one to be adopted.
 */
export function addressesOf(
  all: readonly ReservedIp[],
  stack: string,
  machines: readonly { readonly machine: SeenMachine; readonly tags: readonly string[] }[],
  {
    adopted,
    others,
    left = [],
  }: {
    readonly adopted: (ip: string) => string | undefined;
    /** All droplets, while an address is to be adopted. */
    readonly others: readonly Pick<Droplet, "id" | "tags">[];
    /** Names of all tags of the account, while an address may have lost its machine. */
    readonly left?: readonly string[];
  },
): readonly Seen<"reserved-ip">[] {
  const byAddress = new Map<string, string>();
  const waiting = new Map<string, string>();
  for (const { machine, tags } of machines)
    for (const { name, address } of ipsOfTags(tags, stack))
      if (address === "") waiting.set(machine.id, name);
      else byAddress.set(address, name);
  // Whoever has its own waits for none: what somebody led to its machine by hand is theirs.
  const there = new Set(all.flatMap(({ ip }) => byAddress.get(ip) ?? []));
  for (const [id, name] of waiting) if (there.has(name)) waiting.delete(id);
  const ours = new Map(machines.map(({ machine }) => [machine.id, machine]));
  return all.flatMap((one) => {
    const assignedTo = String(one.droplet ?? "");
    const lost = assignedTo === "" && ownership(stacksOfIp(left, one.ip), stack).ours;
    const marked =
      byAddress.get(one.ip) ??
      waiting.get(assignedTo) ??
      (lost ? ipsOfTags(left, stack).find(({ address }) => address === one.ip)?.name : undefined);
    const name = marked ?? adopted(one.ip);
    if (name === undefined) return [];
    const holders = others
      .flatMap(({ id, tags }) => [...stacksOfIp(tags, one.ip), ...(id === one.droplet ? stacksOfTags(tags) : [])])
      .filter((holder) => holder !== stack);
    return [
      {
        kind: "reserved-ip" as const,
        name,
        id: one.ip,
        ...(marked === undefined ? ownership(holders, stack) : { ours: true }),
        dollarsMonthly: assignedTo === "" ? unassignedMonthly : 0,
        address: one.ip,
        region: one.region?.slug ?? "",
        assignedTo,
        machine: ours.get(assignedTo)?.name ?? "",
      },
    ];
  });
}

/** Addresses that lead nowhere cost; the others do not. */
const unassignedMonthly = 5;

/** How long an assignment that the cloud makes by itself may take. */
const assignMs = 30_000;

export function reservedIpsOf(context: Context, stack: string): Makes<"reserved-ip"> {
  const { client } = context;
  const target = (machine: string, links: Links): Seen<"machine"> => {
    const found = links.get(refOf({ kind: "machine", name: machine }));
    if (found?.kind !== "machine") throw fail("plan.stale", `there is no machine ${machine} for the address`);
    return found;
  };
  const mark = (name: string, machine: Seen<"machine">, address: string): Promise<void> =>
    retag(context, "droplet", machine.id, { add: [ipTag(stack, name, address)], remove: [] });
  /** To a droplet, or to none. */
  const lead = (address: string, droplet?: number): Promise<void> =>
    act(context, {
      begin: () =>
        client.reservedIps.act(
          address,
          droplet === undefined ? { type: "unassign" } : { type: "assign", droplet_id: droplet },
        ),
      look: (id) => client.reservedIps.action(address, id),
      done: async () => (await client.reservedIps.get(address)).droplet === droplet,
    });
  /** An address is given at once, and leads to its machine a little later. */
  const led = async (address: string, droplet: number): Promise<void> => {
    const leads = async (): Promise<true | undefined> =>
      (await client.reservedIps.get(address)).droplet === droplet ? true : undefined;
    if ((await appeared({ ...context, lagMs: assignMs }, leads)) === undefined) await lead(address, droplet);
  };
  /** A machine has one such address at most: one that leads to it already is what a former run made, or another operator at the same time. */
  const leadsTo = async (droplet: number): Promise<ReservedIp | undefined> =>
    (await client.reservedIps.list()).find((one) => one.droplet === droplet);
  /** What stands in the way of an address of its own, if that is why it was refused. */
  const instead = async (error: unknown, droplet: number): Promise<ReservedIp> => {
    const refused = error instanceof CallError && error.sure && error.status !== 404;
    const theirs = refused ? await appeared(context, () => leadsTo(droplet)) : undefined;
    if (theirs === undefined) throw error;
    return theirs;
  };
  const release = async (name: string, address: string): Promise<void> => {
    await whileBusy(context, () => client.reservedIps.remove(address));
    await client.tags.remove(ipTag(stack, name, address));
  };
  const make = async (name: string, machine: Seen<"machine">): Promise<ReservedIp> => {
    const id = Number(machine.id);
    let made: ReservedIp;
    try {
      made = await whileBusy(context, () => client.reservedIps.create({ droplet_id: id }));
    } catch (error) {
      return await instead(error, id);
    }
    await mark(name, machine, made.ip);
    try {
      await led(made.ip, id);
      return made;
    } catch (error) {
      const theirs = await instead(error, id);
      // The machine took the other one: this one leads nowhere.
      if (theirs.ip !== made.ip) await release(name, made.ip);
      return theirs;
    }
  };
  return {
    async create(wanted, links, { begun }) {
      const machine = target(wanted.machine, links);
      const id = Number(machine.id);
      await mark(wanted.name, machine, "");
      const there = await (begun ? appeared(context, () => leadsTo(id)) : leadsTo(id));
      const made = there ?? (await make(wanted.name, machine));
      await mark(wanted.name, machine, made.ip);
      await led(made.ip, id);
      return {
        kind: "reserved-ip",
        name: wanted.name,
        id: made.ip,
        ours: true,
        dollarsMonthly: 0,
        address: made.ip,
        region: made.region?.slug ?? machine.region,
        assignedTo: machine.id,
        machine: machine.name,
      };
    },
    async update(seen, wanted, _fields, links) {
      const machine = target(wanted.machine, links);
      await mark(wanted.name, machine, seen.address);
      await lead(seen.address, Number(machine.id));
    },
    async remove(seen) {
      try {
        if (seen.assignedTo !== "") await lead(seen.address);
      } catch (error) {
        if (!(error instanceof CallError && error.status === 404)) throw error;
      }
      await release(seen.name, seen.address);
      await client.tags.remove(ipTag(stack, seen.name, ""));
    },
    adopt: (seen, wanted, links) => mark(wanted.name, target(wanted.machine, links), seen.address),
  };
}
