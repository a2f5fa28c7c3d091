import { madeByEither } from "../made-by-either.ts";
import { ownership } from "../owners.ts";
import type { Makes } from "../provider.ts";
import type { Seen, SeenMachine, WantedFirewall } from "../resource.ts";
import { selectorOf } from "./calls.ts";
import { type Context, finished, whileBusy } from "./context.ts";
import { behindLabel, label, stacksOf } from "./marks.ts";
import { refreshed, rulesOf, seenRules } from "./rules.ts";
import type { Firewall, Rule } from "./shapes.ts";

/** A firewall of the project; ours by its labels. */
export function firewallOf(
  firewall: Firewall,
  stack: string,
  machines: readonly SeenMachine[],
  adopted?: string,
): Seen<"firewall"> {
  const whose = ownership(stacksOf(firewall.labels), stack);
  return {
    kind: "firewall",
    name: (whose.ours ? firewall.labels[label.firewall] : adopted) ?? firewall.name,
    id: String(firewall.id),
    ...whose,
    dollarsMonthly: 0,
    // Servers say by a label which firewalls are theirs.
    machines: [],
    ...seenRules(firewall.rules, lively(machines)),
  };
}

const lively = (machines: readonly SeenMachine[]): readonly SeenMachine[] =>
  machines.filter((machine) => machine.ours && !machine.retired);

/** What a firewall stands before: the stack's servers with a label of its own. */
const selector = (stack: string, name: string): string => `${selectorOf(label.stack, stack)},${behindLabel(name)}`;

export interface Firewalls extends Makes<"firewall"> {
  /** Brings the addresses of machines that rules name up to date. */
  refresh(): Promise<void>;
}

export function firewallsOf(context: Context, machines: () => Promise<readonly SeenMachine[]>): Firewalls {
  const { client, stack } = context;
  const put = async (id: number, rules: readonly Rule[]): Promise<void> => {
    for (const action of await whileBusy(context, () => client.firewalls.act(id, "set_rules", { rules })))
      await finished(context, action);
  };
  const set = async (id: number, wanted: Pick<WantedFirewall, "inbound" | "outbound">): Promise<void> =>
    put(id, rulesOf(wanted, lively(await machines())));
  const apply = async (firewall: Firewall, name: string): Promise<void> => {
    const wanted = selector(stack, name);
    if (firewall.applied_to?.some((one) => one.label_selector?.selector === wanted) === true) return;
    const body = { apply_to: [{ type: "label_selector", label_selector: { selector: wanted } }] };
    for (const action of await whileBusy(context, () => client.firewalls.act(firewall.id, "apply_to_resources", body)))
      await finished(context, action);
  };
  // Two machines that become ready at once would write over each other.
  let refreshing: Promise<void> = Promise.resolve();
  const refresh = async (): Promise<void> => {
    const [all, now] = await Promise.all([client.firewalls.list(selectorOf(label.stack, stack)), machines()]);
    for (const firewall of all) {
      const rules = refreshed(firewall.rules, lively(now));
      if (rules !== undefined) await put(firewall.id, rules);
    }
  };
  return {
    async create(wanted, _links, { id: intent, begun }) {
      const find = async (): Promise<Firewall | undefined> =>
        (await client.firewalls.list(selectorOf(label.intent, intent)))[0];
      const lost = begun ? await client.appears(find) : undefined;
      const body = {
        name: `${stack}-${wanted.name}`,
        labels: { [label.stack]: stack, [label.firewall]: wanted.name, [label.intent]: intent },
        rules: rulesOf(wanted, lively(await machines())),
      };
      const theirs = async (): Promise<Firewall | undefined> =>
        (await client.firewalls.list(selectorOf(label.stack, stack))).find((one) => one.name === body.name);
      const { made, own } = await madeByEither({
        lost,
        make: () => client.once(() => client.firewalls.create(body), find),
        theirs: () => client.appears(theirs),
      });
      await apply(made, wanted.name);
      if (!own) await set(made.id, wanted);
      return firewallOf(made, stack, []);
    },
    async update(seen, wanted) {
      const firewall = await client.firewalls.get(Number(seen.id));
      if (firewall !== undefined) await apply(firewall, wanted.name);
      await set(Number(seen.id), wanted);
    },
    async remove(seen) {
      const firewall = await client.firewalls.get(Number(seen.id));
      if (firewall === undefined) return;
      const applied = firewall.applied_to ?? [];
      const remove_from = applied.map(({ type, server, label_selector }) => ({
        type,
        ...(server && { server: { id: server.id } }),
        ...(label_selector && { label_selector: { selector: label_selector.selector } }),
      }));
      if (remove_from.length > 0)
        for (const action of await client.firewalls.act(firewall.id, "remove_from_resources", { remove_from }))
          await finished(context, action);
      await whileBusy(context, () => client.firewalls.remove(firewall.id));
    },
    async adopt(seen, wanted) {
      const firewall = await client.firewalls.get(Number(seen.id));
      const labels = { ...firewall?.labels, [label.stack]: stack, [label.firewall]: wanted.name };
      await client.firewalls.update(Number(seen.id), { labels });
      if (firewall !== undefined) await apply(firewall, wanted.name);
      await set(Number(seen.id), wanted);
    },
    refresh() {
      refreshing = refreshing.then(refresh, refresh);
      return refreshing;
    },
  };
}
