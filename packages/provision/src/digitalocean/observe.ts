import type { Droplet } from "../client/droplets.ts";
import type { Scope } from "../provider.ts";
import type { Kind, Seen } from "../resource.ts";
import { ipsOfTags, readTags, stackTag } from "../tags.ts";
import type { Context } from "./context.ts";
import { firewallOf } from "./firewalls.ts";
import { concerned } from "./keys.ts";
import { machineOf, reservedAmong } from "./machines.ts";
import { membersOf, projectOf } from "./projects.ts";
import { addressesOf } from "./reserved-ips.ts";
import { volumeOf } from "./volumes.ts";
import { readZone, type Zone } from "./zone.ts";

/** How many of a kind the account has, of kinds that were listed for all of it. */
export type Counts = { readonly [K in Kind]?: number };

/**
 * Everything of the stack, and what stands where something wanted would be, in as few lists as that takes, all at once. A kind that nothing wanted
 * and no machine tells of is not asked for, unless the scope says all; but volumes are, since they cost and may be attached to nothing.
 */
export async function observeAll(
  context: Context,
  stack: string,
  scope: Scope,
): Promise<{ readonly seen: readonly Seen[]; readonly counts: Counts }> {
  const { client } = context;
  const { wanted, adopt = [], all = false } = scope;
  const asks = (kind: Kind): boolean => all || wanted.some((one) => one.kind === kind) || adopts(kind);
  const adopts = (kind: Kind): boolean => adopt.some((one) => one.ref.startsWith(`${kind} `));
  const adopted = (kind: Kind, id: string): string | undefined =>
    adopt.find((one) => one.id === id && one.ref.startsWith(`${kind} `))?.ref.slice(kind.length + 1);

  const droplets = client.droplets.list({ tag: stackTag(stack) });
  /** A list, when something wanted or one of the stack's machines makes it needed. */
  const listed = async <T>(
    kind: Kind,
    tells: (one: Droplet) => boolean,
    list: () => Promise<readonly T[]>,
  ): Promise<readonly T[]> => (asks(kind) || (await droplets).some(tells) ? list() : []);
  const [ours, others, keys, firewalls, volumes, zones, addresses, projects] = await Promise.all([
    droplets,
    adopts("machine") || adopts("reserved-ip") ? client.droplets.list() : [],
    client.keys.list(),
    listed("firewall", (one) => readTags(one.tags).firewalls.length > 0, client.firewalls.list),
    client.volumes.list(),
    readZones(context, stack, scope),
    listed("reserved-ip", (one) => ipsOfTags(one.tags, stack).length > 0, client.reservedIps.list),
    asks("project") ? client.projects.list() : [],
  ]);
  const reserved = await reservedAmong(context, [...ours, ...others]);
  const loose = addresses.some((one) => one.droplet === undefined);
  const tags = loose && (all || lacksAddress(scope, ours, stack)) ? await client.tags.list() : [];
  const machines = ours.map((one) => machineOf(one, stack, undefined, reserved));
  const adoptable = others
    .filter((one) => adopted("machine", String(one.id)) !== undefined)
    .map((one) => machineOf(one, stack, adopted("machine", String(one.id)), reserved))
    .filter((one) => !machines.some((other) => other.id === one.id));
  const publicKeys = wanted.flatMap((one) => (one.kind === "key" ? [one.publicKey] : []));
  const hosts = new Set(
    wanted.flatMap((one) => (one.kind === "record" ? [`${one.host.toLowerCase()} ${one.domain}`] : [])),
  );
  const some: readonly Seen[] = [
    ...machines,
    ...adoptable,
    ...concerned(keys, stack, publicKeys),
    ...firewalls
      .map((one) => firewallOf(one, stack, adopted("firewall", one.id)))
      .filter((one) => one.ours || adopted("firewall", one.id)),
    ...volumes
      .map((one) => volumeOf(one, stack, machines, adopted("volume", one.id)))
      .filter(
        (one) =>
          one.ours ||
          one.owners?.includes(stack) === true ||
          adopted("volume", one.id) ||
          wanted.some((other) => other.kind === "volume" && other.name === one.name && other.region === one.region),
      ),
    ...addressesOf(
      addresses,
      stack,
      machines.map((machine, at) => ({ machine, tags: ours[at]?.tags ?? [] })).filter(({ machine }) => machine.ours),
      { adopted: (ip) => adopted("reserved-ip", ip), others, left: tags.map(({ name }) => name) },
    ),
    ...zones.flatMap(({ domain, records }) => [
      ...(domain.ours || wanted.some((one) => one.kind === "domain" && one.name === domain.name) ? [domain] : []),
      ...records.filter((one) => one.ours || hosts.has(`${one.host} ${one.domain}`)),
    ]),
  ];
  const concern = projects
    .map((one) => projectOf(one, stack, [], adopted("project", one.id)))
    .filter((one) => one.ours || wanted.some((other) => other.kind === "project" && other.name === one.name));
  const gathered = await Promise.all(
    concern.map(async (one) => {
      const urns = one.ours ? (await client.projects.resources(one.id)).map(({ urn }) => urn) : [];
      return { ...one, members: membersOf(urns, some) };
    }),
  );
  return {
    seen: [...some, ...gathered],
    counts: { volume: volumes.length, ...(asks("reserved-ip") && { "reserved-ip": addresses.length }) },
  };
}

/** Whether an address is wanted that no machine tells of: its own may have been destroyed by hand. */
function lacksAddress({ wanted }: Scope, machines: readonly Droplet[], stack: string): boolean {
  const told = new Set(
    machines.flatMap(({ tags }) =>
      ipsOfTags(tags, stack).flatMap(({ name, address }) => (address === "" ? [] : [name])),
    ),
  );
  return wanted.some((one) => one.kind === "reserved-ip" && !told.has(one.name));
}

/** The zones of wanted domains, one list each; all of the account for destroying. */
async function readZones(context: Context, stack: string, { wanted, all }: Scope): Promise<readonly Zone[]> {
  const names = new Set(wanted.flatMap((one) => (one.kind === "domain" ? [one.name] : [])));
  if (all) for (const { name } of await context.client.domains.list()) names.add(name);
  const zones = await Promise.all([...names].map((name) => readZone(context, stack, name)));
  return zones.flatMap((zone) => zone ?? []);
}
