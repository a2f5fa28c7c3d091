import { isIP } from "node:net";
import { fail } from "../errors.ts";
import { everyMachine, type FirewallRule, type WantedFirewall } from "../resource.ts";
import { type HostOnMachine, madeHosts } from "../wanted.ts";
import { type Around, told } from "./declared.ts";
import { needsMade } from "./volume.ts";

export type Ports = number | `${number}-${number}` | "all";
/** A network: `10.0.0.0/8`, `2001:db8::/32`. */
export type Network = `${string}/${number}`;
/** Everybody, the other machines of the platform, or certain networks and hosts. */
export type Peers = "anywhere" | "platform" | readonly (Network | HostOnMachine)[];
export type Allowed =
  | { readonly tcp: Ports; readonly from?: Peers }
  | { readonly udp: Ports; readonly from?: Peers }
  | { readonly icmp: true; readonly from?: Peers };

export interface FirewallSpec {
  readonly on: readonly [HostOnMachine, ...HostOnMachine[]];
  /** Besides what the hosts' properties tell. `from` is anywhere unless it is said. */
  readonly allows?: readonly Allowed[];
  /** Who may connect by SSH. Default: anywhere, since Slipway itself comes that way. */
  readonly ssh?: Peers | "nobody";
  /** Whether ports that the hosts' properties tell of are open, to those that they are for. Default open. */
  readonly told?: "open" | "ignored";
  /** Where the machines may connect to, with `from` as whereto. Default: everywhere. */
  readonly reaches?: readonly Allowed[];
}
export interface Firewall {
  readonly resource: "firewall";
  readonly name: string;
  readonly spec: FirewallSpec;
}

/**
 * The provider's firewall before the machines of hosts; a new machine asks for it as it is made, and the provider puts it there moments later.
 * Open is what their properties tell (`from: "anywhere"` to all, `"platform"` to the platform's machines), SSH, and what `allows` says; machines
 * behind one firewall are all open alike. Throws `config.bad-argument` for ports and networks that are none, and for a host whose machine is not
 * made here.
 */
export function firewall(name: string, spec: FirewallSpec): Firewall {
  for (const host of spec.on) needsMade(`firewall ${name}`, host);
  const peers = [...(spec.allows ?? []), ...(spec.reaches ?? [])];
  for (const one of peers) check(name, one);
  if (Array.isArray(spec.ssh)) check(name, { tcp: 22, from: spec.ssh });
  return { resource: "firewall", name, spec };
}

function check(name: string, rule: Allowed): void {
  const ports = "tcp" in rule ? rule.tcp : "udp" in rule ? rule.udp : 1;
  const bounds = ports === "all" ? [1] : String(ports).split("-").map(Number);
  const [low = 0, high = low] = bounds;
  if (!bounds.every((port) => Number.isInteger(port) && port >= 1 && port <= 65_535) || high < low)
    throw fail("config.bad-argument", `firewall ${name}: ${ports} is no port and no range of ports`);
  for (const peer of typeof rule.from === "string" ? [] : (rule.from ?? [])) {
    if (typeof peer !== "string") continue;
    const [address = "", bits = ""] = peer.split("/");
    const most = isIP(address) === 6 ? 128 : 32;
    if (isIP(address) === 0 || !/^\d+$/.test(bits) || Number(bits) > most)
      throw fail("config.bad-argument", `firewall ${name}: ${peer} is no network, such as 10.0.0.0/8`);
  }
}

const everywhere = ["0.0.0.0/0", "::/0"] as const;

export function wantedFirewall({ name, spec }: Firewall, around: Around): WantedFirewall {
  const open: Allowed[] = [];
  if ((spec.told ?? "open") === "open")
    for (const { port, protocol, from } of spec.on.flatMap((host) => told(host, "port"))) {
      if (from === "host") continue;
      open.push(protocol === "tcp" ? { tcp: port, from } : { udp: port, from });
    }
  const { ssh = "anywhere" } = spec;
  if (ssh !== "nobody") open.push({ tcp: 22, from: ssh });
  const all: readonly Allowed[] = [{ tcp: "all" }, { udp: "all" }, { icmp: true }];
  return {
    kind: "firewall",
    name,
    machines: spec.on.map((host) => host.name),
    inbound: merged([...open, ...(spec.allows ?? [])].map((rule) => plain(rule, around))),
    outbound: merged((spec.reaches ?? all).map((rule) => plain(rule, around))),
  };
}

function plain(rule: Allowed, { hosts }: Around): FirewallRule {
  const peers = peersOf(rule.from ?? "anywhere", hosts);
  if ("icmp" in rule) return { protocol: "icmp", ports: "all", ...peers };
  return "tcp" in rule
    ? { protocol: "tcp", ports: portsOf(rule.tcp), ...peers }
    : { protocol: "udp", ports: portsOf(rule.udp), ...peers };
}

const portsOf = (ports: Ports): string => (ports === "1-65535" ? "all" : String(ports));

function peersOf(from: Peers, hosts: readonly HostOnMachine[]): Pick<FirewallRule, "addresses" | "machines"> {
  if (from === "anywhere") return { addresses: everywhere, machines: [] };
  if (from === "platform") return { addresses: elsewhere(hosts), machines: [everyMachine] };
  const made = new Set(madeHosts(hosts).map((host) => host.name));
  const named = from.filter((one) => typeof one !== "string");
  return {
    addresses: [
      ...from.filter((one) => typeof one === "string"),
      ...elsewhere(named.filter((host) => !made.has(host.name))),
    ],
    machines: named.filter((host) => made.has(host.name)).map((host) => host.name),
  };
}

/** Networks of the machines that are not made here but have an address. */
const elsewhere = (hosts: readonly HostOnMachine[]): readonly string[] =>
  hosts.flatMap(({ on }) => {
    const address = typeof on.spec["address"] === "string" ? on.spec["address"] : "";
    const kind = on.provider === "existing" ? isIP(address) : 0;
    return kind === 0 ? [] : [`${address}/${kind === 6 ? 128 : 32}`];
  });

/** One rule for each protocol and ports. */
function merged(rules: readonly FirewallRule[]): readonly FirewallRule[] {
  const byPorts = Object.groupBy(rules, ({ protocol, ports }) => `${protocol} ${ports}`);
  const union = (all: readonly (readonly string[])[]): readonly string[] => [...new Set(all.flat())];
  return Object.values(byPorts).flatMap((same = []) => {
    const [first] = same;
    if (first === undefined) return [];
    const addresses = union(same.map((rule) => rule.addresses));
    const machines = union(same.map((rule) => rule.machines));
    return [{ ...first, addresses, machines: machines.includes(everyMachine) ? [everyMachine] : machines }];
  });
}
