import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { type Allowed, filterRules, type Guarded } from "./filter.ts";
import { gatewaySince } from "./gateway.ts";
import { help } from "./helper.ts";
import { exclusively } from "./lock.ts";
import { readReserved, reservedOf } from "./reserved-ips.ts";
import { putResource, type Resource, readResources } from "./resources.ts";
import type { Cloud } from "./state.ts";
import { type DropletRecord, readStore } from "./store.ts";

/** Sources of an inbound rule, destinations of an outbound one. */
export interface Places {
  readonly addresses?: readonly string[];
  readonly droplet_ids?: readonly number[];
  readonly tags?: readonly string[];
  readonly load_balancer_uids?: readonly string[];
  readonly kubernetes_ids?: readonly string[];
}
export interface Rule {
  readonly protocol: Allowed["protocol"];
  /** A port, `8000-9000`, or `0` for all. */
  readonly ports: string;
  readonly places: Places;
}
export interface FirewallData {
  readonly name: string;
  readonly status: "waiting" | "succeeded" | "failed";
  readonly inbound: readonly Rule[];
  readonly outbound: readonly Rule[];
  readonly droplets: readonly number[];
  readonly tags: readonly string[];
  /** Of the oldest one: what stands on the engine's machine for all of them, see {@link standing}. */
  readonly standing?: string;
}
export type Firewall = Resource<FirewallData>;

export const readFirewalls = (cloud: Cloud): Promise<Firewall[]> => readResources<FirewallData>(cloud, "firewall");

/** Runs `work` while nobody else changes the firewalls of the cloud. */
export const withFirewalls = <T>(cloud: Cloud, work: () => Promise<T>): Promise<T> =>
  exclusively(`firewalls ${cloud.name}`, work);

/** Whether a firewall is one of the droplet's: by its id, or by a tag of both. */
export const guards = ({ data }: Firewall, droplet: DropletRecord): boolean =>
  data.droplets.includes(droplet.id) || data.tags.some((tag) => droplet.tags.includes(tag));

/** What is to be filtered; pure. `reserved` are addresses that droplets have besides their own. */
export function guardedOf(
  droplets: readonly DropletRecord[],
  firewalls: readonly Firewall[],
  reserved: ReadonlyMap<number, readonly string[]> = new Map(),
): readonly Guarded[] {
  const addresses = (droplet: DropletRecord): readonly string[] =>
    [droplet.address, droplet.privateAddress.replace(/\/.*/, ""), ...(reserved.get(droplet.id) ?? [])].filter(
      (address) => address !== "",
    );
  const allowed = ({ protocol, ports, places }: Rule): Allowed => {
    const named = droplets.filter(
      (droplet) =>
        places.droplet_ids?.includes(droplet.id) === true ||
        places.tags?.some((tag) => droplet.tags.includes(tag)) === true,
    );
    const [first, last = first] = ports.split("-").map(Number);
    return {
      protocol,
      ports: first === undefined || last === undefined || first === 0 ? undefined : [first, last],
      places: [...(places.addresses ?? []), ...named.flatMap(addresses)],
    };
  };
  return droplets.flatMap((droplet) => {
    const own = firewalls.filter((firewall) => guards(firewall, droplet));
    if (own.length === 0) return [];
    return {
      id: droplet.id,
      addresses: addresses(droplet),
      inbound: own.flatMap(({ data }) => data.inbound.map(allowed)),
      outbound: own.flatMap(({ data }) => data.outbound.map(allowed)),
    };
  });
}

const script = `set -e
bridge=/proc/sys/net/bridge/bridge-nf-call
[ -e "$bridge-iptables" ] || { echo "the kernel module br_netfilter is needed for firewalls: modprobe br_netfilter"; exit 1; }
echo 1 > "$bridge-iptables"
[ ! -e "$bridge-ip6tables" ] || echo 1 > "$bridge-ip6tables"
nft -f /input`;

/**
 * Tells one filter from another, on this start of the engine's machine: what stood there before is gone. Undefined where it is not known when it
 * started.
 */
async function standing(cloud: Cloud, rules: string): Promise<string | undefined> {
  const since = await gatewaySince(cloud);
  return since && createHash("sha256").update(`${since}\n${rules}`).digest("hex").slice(0, 32);
}

/**
 * Makes the filter on the engine's machine what the firewalls say, and notes at each that it is done. Outside of the droplets, so that nothing on
 * them can undo it. `without` is a firewall that is about to go. `trusting` does nothing where the same was done since that machine started.
 */
export async function applyFilter(
  cloud: Cloud,
  { without = "", trusting = false }: { readonly without?: string; readonly trusting?: boolean } = {},
): Promise<void> {
  await exclusively(`filter ${cloud.name}`, async () => {
    const all = await readFirewalls(cloud);
    const firewalls = all.filter(({ id }) => id !== without);
    const { droplets } = await readStore(cloud.engine, cloud.name);
    const input = filterRules(cloud.name, guardedOf(droplets, firewalls, reservedOf(await readReserved(cloud))));
    const mark = await standing(cloud, input);
    const stands = trusting && mark !== undefined && firewalls[0]?.data.standing === mark;
    const seen = stands ? firewalls : firewalls.map((one) => ({ ...one, data: unmarked(one.data) }));
    if (!stands) {
      // First nothing says any more what stands: this may be killed on the way.
      for (const one of all) if (one.data.standing !== undefined) await note(cloud, one, unmarked(one.data));
      try {
        await help(cloud, { on: "filter", script, input, network: true });
      } catch (error) {
        for (const one of seen) await note(cloud, one, { ...one.data, status: "failed" });
        throw error;
      }
    }
    for (const [at, one] of seen.entries()) {
      const marked = at === 0 && mark !== undefined ? { standing: mark } : {};
      await note(cloud, one, { ...one.data, ...marked, status: "succeeded" });
    }
  });
}

/** What says nothing of the engine's machine. */
export const unmarked = ({ standing: _mark, ...data }: FirewallData): FirewallData => data;

/** Unless it was changed meanwhile: then another run is on its way. */
const note = async (cloud: Cloud, seen: Firewall, told: FirewallData): Promise<void> => {
  if (isDeepStrictEqual(seen.data, told)) return;
  await withFirewalls(cloud, async () => {
    const now = (await readFirewalls(cloud)).find(({ id }) => id === seen.id);
    if (now !== undefined && isDeepStrictEqual(now.data, seen.data))
      await putResource(cloud, "firewall", seen.id, told);
  });
};

/** The same when there is a firewall at all; for what changes droplets, tags and addresses. */
export async function refilter(cloud: Cloud): Promise<void> {
  if ((await readFirewalls(cloud)).length > 0) await cloud.filter();
}

/** The same for who only begins to look at the cloud. */
export async function settleFilter(cloud: Cloud): Promise<void> {
  if ((await readFirewalls(cloud)).length > 0) await applyFilter(cloud, { trusting: true });
}
