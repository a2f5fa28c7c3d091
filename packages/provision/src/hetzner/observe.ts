import type { Scope } from "../provider.ts";
import { type Kind, refOf, type Seen } from "../resource.ts";
import { selectorOf } from "./calls.ts";
import type { Context } from "./context.ts";
import { firewallOf } from "./firewalls.ts";
import { concerned } from "./keys.ts";
import { machineOf } from "./machines.ts";
import { label } from "./marks.ts";
import { reservedIpOf } from "./reserved-ips.ts";
import type { Pricing } from "./shapes.ts";
import { volumeOf } from "./volumes.ts";

/**
 * Everything of the stack, and what has the name of something wanted, in one list for each kind, all at once. Kinds that nothing wanted asks for are
 * read too: only their labels tell whether the stack has any.
 */
export async function observeAll({ client, stack }: Context, { wanted, adopt = [] }: Scope): Promise<readonly Seen[]> {
  const ours = selectorOf(label.stack, stack);
  const asks = (kind: Kind): boolean => wanted.some((one) => one.kind === kind);
  // Those of others stand in the way, or are to be adopted.
  const listed = (kind: Kind): string | undefined =>
    asks(kind) && (kind !== "machine" || adopt.length > 0) ? undefined : ours;
  const [servers, keys, volumes, firewalls, addresses] = await Promise.all([
    client.servers.list(listed("machine")),
    client.keys.list(),
    client.volumes.list(listed("volume")),
    client.firewalls.list(listed("firewall")),
    client.floatingIps.list(listed("reserved-ip")),
  ]);
  const adopted = (kind: Kind, id: number): string | undefined =>
    adopt.find((one) => one.id === String(id) && one.ref.startsWith(`${kind} `))?.ref.slice(kind.length + 1);
  const monthly = addresses.length === 0 ? 0 : priceOf(await client.pricing());
  const machines = servers
    .map((server) => machineOf(server, stack, adopted("machine", server.id)))
    .filter((one) => one.ours || adopted("machine", Number(one.id)) !== undefined);
  const publicKeys = wanted.flatMap((one) => (one.kind === "key" ? [one.publicKey] : []));
  const names = new Set([...wanted.map(refOf), ...adopt.map((one) => one.ref)]);
  const rest: readonly Seen[] = [
    ...volumes.map((one) => volumeOf(one, stack, machines, adopted("volume", one.id))),
    ...firewalls.map((one) => firewallOf(one, stack, machines, adopted("firewall", one.id))),
    ...addresses.map((one) => reservedIpOf(one, stack, { machines, monthly, adopted: adopted("reserved-ip", one.id) })),
  ];
  return [
    ...machines,
    ...concerned(keys, stack, publicKeys),
    ...rest.filter((one) => one.ours || names.has(refOf(one))),
  ];
}

const priceOf = ({ floating_ips }: Pricing): number =>
  Number(floating_ips.find((one) => one.type === "ipv4")?.prices[0]?.price_monthly.net ?? 0);
