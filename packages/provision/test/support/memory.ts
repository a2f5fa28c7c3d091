import { setImmediate } from "node:timers/promises";
import type { Clock, Connection, Journal, SshAddress } from "@slipway/model";
import { SlipwayError } from "@slipway/model";
import { fail } from "../../src/errors.ts";
import {
  type Catalog,
  digestOf,
  type Intent,
  type Kind,
  type Links,
  type Provider,
  type ProvisionRecord,
  refOf,
  type Scope,
  type Seen,
  type SeenMachine,
  sha256OfKey,
  specOf,
  type Wanted,
  type WantedRecord,
} from "../../src/index.ts";
import { ownership, refuseOthers } from "../../src/owners.ts";
import { isProtected, refuseProtected } from "../../src/protection.ts";
import { addressFor, specAfter } from "../../src/resource.ts";
import { generateSshKey } from "../../src/ssh-key.ts";
import { cloud } from "./resources.ts";

const hostKey = generateSshKey("host");
const nextKey = generateSshKey("next");

/** Thrown by every call once the process is dead. */
export class Killed extends Error {}

interface Item {
  seen: Seen;
  readonly intent: string;
  /** Stacks whose mark is on it. */
  stacks: readonly string[];
  readonly shownAt: number;
}

/** A cloud in memory that outlives the processes that use it. */
export interface MemoryCloud {
  readonly items: Map<string, Item>;
  /** Calls that changed something. */
  calls: number;
  /** The process dies at this call: before it has its effect, or after. */
  killAt: { readonly call: number; readonly after: boolean } | undefined;
  serial: number;
}

export const memoryCloud = (): MemoryCloud => ({ items: new Map(), calls: 0, killAt: undefined, serial: 0 });

/** A provider whose lists lag behind by `lagMs` of the clock. */
export function memoryProvider(
  of: MemoryCloud,
  {
    stack,
    clock,
    lagMs,
    catalog = cloud([]).catalog,
  }: { stack: string; clock: Clock; lagMs: number; catalog?: Catalog },
): Provider {
  let dead = false;
  const lives = (): void => {
    if (dead) throw new Killed("killed");
  };
  /** One call that changes something; the process may die before or after. */
  const call = async <T>(effect: () => T): Promise<T> => {
    lives();
    await Promise.resolve();
    lives();
    of.calls += 1;
    const kill = of.killAt?.call === of.calls ? of.killAt : undefined;
    if (kill?.after === false) dead = true;
    lives();
    const value = effect();
    if (kill !== undefined) dead = true;
    lives();
    return value;
  };
  /** An item as this stack sees it. */
  const view = ({ seen, stacks }: Item): Seen => {
    const { owners: _, ...rest } = seen;
    return { ...rest, ...ownership(stacks, stack) };
  };
  const list = (): readonly Seen[] => {
    lives();
    return [...of.items.values()].filter((item) => item.shownAt <= clock.monotonic()).map(view);
  };
  /** What the cloud itself does: machines boot, volumes come off machines that went, names follow ids. */
  const settled = (): readonly Seen[] => {
    lives();
    for (const item of of.items.values())
      if (item.seen.kind === "machine" && item.seen.status === "new")
        item.seen = { ...item.seen, status: "active", address: `192.0.2.${item.seen.id}` };
    return list();
  };
  const put = (seen: Seen, intent: string): Seen => {
    of.items.set(`${seen.kind} ${seen.id}`, { seen, intent, stacks: [stack], shownAt: clock.monotonic() + lagMs });
    return seen;
  };
  const change = (seen: Seen, to: Partial<Seen>): Promise<void> =>
    call(() => {
      const item = of.items.get(`${seen.kind} ${seen.id}`);
      if (item !== undefined) item.seen = { ...item.seen, ...to } as Seen;
    });
  const idOf = (machine: string | undefined, links: Links): string =>
    machine === undefined ? "" : (links.get(refOf({ kind: "machine", name: machine }))?.id ?? "");
  const dataOf = ({ type, data }: WantedRecord, links: Links): string => {
    if (typeof data === "string") return data;
    const address = addressFor(type, links.get(data.of));
    if (address === "") throw fail("plan.stale", `the address of ${data.of} is not known`);
    return address;
  };
  const find = async (kind: Kind, intent: Intent): Promise<Seen | undefined> => {
    if (intent.begun) await clock.sleep(lagMs);
    lives();
    return [...of.items.values()].find((item) => item.seen.kind === kind && item.intent === intent.id)?.seen;
  };
  const fresh = (wanted: Wanted, links: Links): Seen => {
    of.serial += 1;
    const base = { id: String(of.serial), ours: true, dollarsMonthly: 0 };
    switch (wanted.kind) {
      case "machine": {
        const { userData, ...rest } = wanted;
        const machine: SeenMachine = {
          ...rest,
          ...base,
          label: wanted.name,
          status: "new",
          address: "",
          privateAddress: "",
          hostKeys: [hostKey.sha256],
          hostPublicKeys: [bare(hostKey.publicKey)],
          fresh: true,
          created: "",
          diskGb: 10,
          retired: false,
          spec: specOf(wanted),
          ...(userData !== undefined && { userDataDigest: digestOf(userData) }),
        };
        return machine;
      }
      case "volume":
        return { ...wanted, ...base, attachedTo: idOf(wanted.machine, links) };
      case "reserved-ip":
        return {
          ...wanted,
          ...base,
          address: `198.51.100.${of.serial}`,
          region: "",
          assignedTo: idOf(wanted.machine, links),
        };
      case "domain":
        return { ...wanted, ...base, empty: true };
      case "record":
        return { ...wanted, ...base, data: dataOf(wanted, links) };
      case "key":
      case "firewall":
      case "project":
        return { ...wanted, ...base };
    }
  };
  const updated = (seen: Seen, wanted: Wanted, fields: readonly string[], links: Links): Partial<Seen> => {
    if (wanted.kind === "volume") return { ...wanted, attachedTo: idOf(wanted.machine, links) };
    if (wanted.kind === "reserved-ip") return { ...wanted, assignedTo: idOf(wanted.machine, links) };
    if (wanted.kind === "record") return { ...wanted, data: dataOf(wanted, links) };
    if (wanted.kind !== "machine" || seen.kind !== "machine") return wanted;
    const { protect, userData: _made, ...rest } = wanted;
    // Resizing ends with the machine on.
    const on = fields.includes("size") ? ({ status: "active" } as const) : {};
    const spec = specAfter(seen, wanted, fields);
    return { ...rest, ...on, ...(spec !== undefined && { spec }), ...(fields.includes("protect") && { protect }) };
  };
  const made = (seen: Seen, intent: string): Seen => (seen.kind === "machine" ? { ...seen, intent } : seen);
  const makes = {
    create: async (wanted: Wanted, links: Links, intent: Intent) => {
      // An account has a key once.
      const same = [...of.items.values()].find(
        ({ seen }) => seen.kind === "key" && wanted.kind === "key" && seen.publicKey === wanted.publicKey,
      );
      const found = (await find(wanted.kind, intent)) ?? same?.seen;
      return found ?? call(() => put(made(fresh(wanted, links), intent.id), intent.id));
    },
    update: (seen: Seen, wanted: Wanted, fields: readonly string[], links: Links) =>
      change(seen, updated(seen, wanted, fields, links)),
    remove: (seen: Seen) =>
      call(() => {
        const item = of.items.get(`${seen.kind} ${seen.id}`);
        refuseProtected(seen, item !== undefined && isProtected(item.seen));
        of.items.delete(`${seen.kind} ${seen.id}`);
        for (const other of of.items.values()) {
          if (other.seen.kind === "volume" && seen.kind === "machine" && other.seen.attachedTo === seen.id)
            other.seen = { ...other.seen, attachedTo: "" };
          if (other.seen.kind === "reserved-ip" && seen.kind === "machine" && other.seen.assignedTo === seen.id)
            other.seen = { ...other.seen, assignedTo: "" };
        }
      }),
    adopt: async (seen: Seen, wanted: Wanted) => {
      const item = of.items.get(`${seen.kind} ${seen.id}`);
      refuseOthers(refOf(seen), item?.stacks ?? [], stack);
      await call(() => {
        if (item !== undefined) Object.assign(item, { seen: { ...item.seen, ...wanted }, stacks: [stack] });
      });
    },
  };
  const { traits } = cloud([]);
  return {
    stack,
    traits,
    catalog: (_scope: Scope) => Promise.resolve(catalog),
    room: () => Promise.resolve({}),
    observe: async () => list(),
    // Machines become active while they are waited for, after all that waits for nothing.
    machines: async () => {
      await setImmediate();
      return settled().filter((one): one is SeenMachine => one.kind === "machine" && one.ours);
    },
    // One implementation for all kinds: what differs is inside.
    makes: Object.fromEntries(traits.kinds.map((kind) => [kind, makes])),
    start: (machine) => change(machine, { status: "active" }),
    pin: async (machine, keys, isFresh) => {
      if (keys.length === 0) throw fail("machine.hostkey", "a machine must keep a host key");
      await change(machine, { hostKeys: keys.map(sha256OfKey), hostPublicKeys: keys, fresh: isFresh });
    },
    retire: (machine) => change(machine, { retired: true }),
    forget: () => Promise.resolve([]),
  };
}

const bare = (key: string): string => key.split(" ").slice(0, 2).join(" ");

/** Logs in to any machine whose pinned key is one of the two that its sshd may show. */
export const memoryConnect = async (address: SshAddress): Promise<Connection> => {
  if (!address.hostKeys?.some((key) => key === hostKey.sha256 || key === nextKey.sha256))
    throw new SlipwayError({ code: "connection.host-key", message: "another host key" });
  return {
    exec: async (argv: readonly string[]) => ({
      status: 0,
      stdout: argv.join(" ").includes("ssh-keygen") ? `${nextKey.publicKey}\n` : "",
      stderr: "",
    }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  } as unknown as Connection;
};

/** A journal that outlives processes. */
export function memoryJournal(clock: Clock): Journal<ProvisionRecord> {
  const entries: { seq: number; at: number; record: ProvisionRecord }[] = [];
  return {
    append: async (record) => {
      const entry = { seq: entries.length + 1, at: clock.now(), record };
      entries.push(entry);
      return entry;
    },
    read: async function* () {
      yield* entries;
    },
    follow: async function* () {},
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
