import { fail } from "../errors.ts";
import { madeByEither } from "../made-by-either.ts";
import { ownership } from "../owners.ts";
import type { Links, Makes } from "../provider.ts";
import { refOf, type Seen, type SeenMachine } from "../resource.ts";
import { selectorOf } from "./calls.ts";
import { act, type Context } from "./context.ts";
import { label, stacksOf } from "./marks.ts";
import type { FloatingIp } from "./shapes.ts";

/** A floating address of the project; ours by its labels. `monthly` is what each costs. */
export function reservedIpOf(
  address: FloatingIp,
  stack: string,
  { machines, monthly, adopted }: { machines: readonly SeenMachine[]; monthly: number; adopted?: string | undefined },
): Seen<"reserved-ip"> {
  const whose = ownership(stacksOf(address.labels), stack);
  const assignedTo = String(address.server ?? "");
  return {
    kind: "reserved-ip",
    name: (whose.ours ? address.labels[label.reservedIp] : adopted) ?? address.name,
    id: String(address.id),
    ...whose,
    dollarsMonthly: monthly,
    address: address.ip,
    region: address.home_location.name,
    assignedTo,
    machine: machines.find((one) => one.id === assignedTo && one.ours)?.name ?? "",
  };
}

/** Reserved addresses are floating IPs here. The machine must be told of its own: Hetzner routes it there and does no more. */
export function reservedIpsOf(context: Context): Makes<"reserved-ip"> {
  const { client, stack } = context;
  const target = (machine: string, links: Links): Seen<"machine"> => {
    const found = links.get(refOf({ kind: "machine", name: machine }));
    if (found?.kind !== "machine") throw fail("plan.stale", `there is no machine ${machine} for the address`);
    return found;
  };
  const leads = async (id: number, server?: number): Promise<boolean> =>
    (await client.floatingIps.list()).some((one) => one.id === id && (one.server ?? undefined) === server);
  const assign = (id: number, machine: Seen<"machine">): Promise<void> => {
    const server = Number(machine.id);
    return act(
      context,
      () => client.floatingIps.act(id, "assign", { server }),
      () => leads(id, server),
    );
  };
  return {
    async create(wanted, links, { id: intent, begun }) {
      const machine = target(wanted.machine, links);
      const find = async (): Promise<FloatingIp | undefined> =>
        (await client.floatingIps.list(selectorOf(label.intent, intent)))[0];
      const body = {
        type: "ipv4",
        name: `${stack}-${wanted.name}`,
        home_location: machine.region,
        labels: { [label.stack]: stack, [label.reservedIp]: wanted.name, [label.intent]: intent },
      } as const;
      const lost = begun ? await client.appears(find) : undefined;
      const theirs = async (): Promise<FloatingIp | undefined> =>
        (await client.floatingIps.list(selectorOf(label.stack, stack))).find((one) => one.name === body.name);
      const { made, own } = await madeByEither({
        lost,
        make: () => client.once(() => client.floatingIps.create(body), find),
        theirs: () => client.appears(theirs),
      });
      const leads = String(made.server ?? "");
      if (!own && leads !== "" && leads !== machine.id)
        throw fail("plan.stale", `another operator made address ${wanted.name} at the same time, for server ${leads}`);
      if (leads !== machine.id) await assign(made.id, machine);
      return reservedIpOf({ ...made, server: Number(machine.id) }, stack, { machines: [machine], monthly: 0 });
    },
    update: (seen, wanted, _fields, links) => assign(Number(seen.id), target(wanted.machine, links)),
    async remove(seen) {
      const id = Number(seen.id);
      if (seen.assignedTo !== "")
        await act(
          context,
          () => client.floatingIps.act(id, "unassign"),
          () => leads(id),
        );
      await client.floatingIps.remove(id);
    },
    async adopt(seen, wanted) {
      const there = (await client.floatingIps.list()).find((one) => String(one.id) === seen.id);
      const labels = { ...there?.labels, [label.stack]: stack, [label.reservedIp]: wanted.name };
      await client.floatingIps.update(Number(seen.id), { labels });
    },
  };
}
