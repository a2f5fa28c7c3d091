import { expect } from "vitest";
import {
  applyProvision,
  changesOf,
  observe,
  type PlanOptions,
  type ProvisionPlan,
  planProvision,
  type Ref,
  refOf,
  type Wanted,
} from "../../src/index.ts";
import { generateSshKey } from "../../src/ssh-key.ts";
import { hurriedClock } from "./clock.ts";
import { memoryCloud, memoryConnect, memoryJournal, memoryProvider } from "./memory.ts";
import { want } from "./resources.ts";

export const key: Wanted = { kind: "key", name: "operator", publicKey: generateSshKey("operator").publicKey };

export interface Shape {
  readonly machines: readonly {
    readonly name: string;
    readonly size: string;
    readonly image: string;
    readonly tags: readonly string[];
  }[];
  readonly with: readonly string[];
}

/** A platform around its machines: a volume, an address and a record of the first, a firewall before all, a project of all. */
export function wantedOf({ machines, with: kinds }: Shape): readonly Wanted[] {
  const [first] = machines;
  const names = machines.map((one) => one.name);
  const has = (kind: string): boolean => kinds.includes(kind) && first !== undefined;
  const first1 = first?.name ?? "";
  const wanted: Wanted[] = [
    key,
    ...machines.map(({ name, ...rest }) => want(name, { ...rest, firewalls: has("firewall") ? ["edge"] : [] })),
  ];
  if (has("volume"))
    wanted.push({ kind: "volume", name: "data", region: "lon1", gigabytes: 10, machine: first1, protect: false });
  if (has("firewall")) wanted.push({ kind: "firewall", name: "edge", machines: names, inbound: [], outbound: [] });
  if (has("reserved-ip")) wanted.push({ kind: "reserved-ip", name: "front", machine: first1 });
  if (has("domain")) {
    wanted.push({ kind: "domain", name: "example.org" });
    const of: Ref = has("reserved-ip") ? "reserved-ip front" : refOf({ kind: "machine", name: first1 });
    const record = { kind: "record", domain: "example.org", host: "www", type: "A", ttl: 60 } as const;
    wanted.push({ ...record, name: "example.org www A", data: { of } });
  }
  if (has("project")) {
    const members = wanted.flatMap((one) => (/^(machine|volume|domain)$/.test(one.kind) ? [refOf(one)] : []));
    wanted.push({ kind: "project", name: "shop", purpose: "x", environment: "Staging", members });
  }
  return wanted;
}

/** Everything may be replaced, and what nobody asks for goes. */
const bold = (wanted: readonly Wanted[]): PlanOptions => ({
  stack: "shop",
  unlisted: "delete",
  replace: wanted.map(refOf),
});

/** A cloud in memory, whose lists lag and which has this many machines at most; what stack `shop` plans and applies there. */
export function worldOf(lagMs: number, machineLimit: number) {
  const clock = hurriedClock();
  const cloud = memoryCloud();
  const journal = memoryJournal(clock);
  const provider = () => {
    const made = memoryProvider(cloud, { stack: "shop", clock, lagMs });
    return {
      ...made,
      room: async () => ({ machine: { most: machineLimit, there: (await made.machines()).length } }),
    };
  };
  const plan = async (wanted: readonly Wanted[]): Promise<ProvisionPlan> =>
    planProvision(wanted, await observe(provider(), { wanted, all: true }), bold(wanted));
  const apply = (of: ProvisionPlan, by = provider()) =>
    applyProvision(of, { provider: by, connect: memoryConnect, answers: async () => true, clock, journal });
  return { clock, cloud, plan, apply, provider };
}

/** Plans and applies until there is nothing to do; gives how often that took. */
export async function settle(world: ReturnType<typeof worldOf>, wanted: readonly Wanted[]): Promise<number> {
  for (let round = 0; ; round += 1) {
    const next = await world.plan(wanted);
    expect(next.problems).toEqual([]);
    if (changesOf(next) === 0) return round;
    expect(round).toBeLessThan(3);
    const { failed } = await world.apply(next);
    expect(failed).toEqual([]);
    await world.clock.sleep(60_000);
  }
}
