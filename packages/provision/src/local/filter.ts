/** Traffic that a firewall allows, or a place it may come from or go to: addresses by now, whatever they were named by. */
export interface Allowed {
  readonly protocol: "tcp" | "udp" | "icmp";
  /** First and last port; undefined stands for all. */
  readonly ports: readonly [number, number] | undefined;
  /** Addresses and networks in CIDR form, of both families. */
  readonly places: readonly string[];
}

/** A droplet with a firewall. What is not allowed is dropped. */
export interface Guarded {
  readonly id: number;
  /** All that it has, of both families. */
  readonly addresses: readonly string[];
  readonly inbound: readonly Allowed[];
  readonly outbound: readonly Allowed[];
}

/** Name of the table that filters for a cloud, in the network of the engine's machine. */
export const filterTable = (cloud: string): string => `slipway-${cloud}`;

const isSix = (address: string): boolean => address.includes(":");

/**
 * The nftables commands that make exactly this filter, in one transaction; pure. None guarded: the table goes. Between droplets of one bridge,
 * from and to the engine's machine and beyond, every packet is looked at twice: may its sender send it, may its receiver have it.
 */
export function filterRules(cloud: string, guarded: readonly Guarded[]): string {
  const table = `table inet ${filterTable(cloud)}`;
  const fresh = `${table}\ndelete ${table}\n`;
  if (guarded.length === 0) return fresh;
  const chains = guarded.flatMap((one) => [
    ...chain(`from-${one.id}`, one.outbound, "daddr"),
    ...chain(`to-${one.id}`, one.inbound, "saddr"),
  ]);
  const lines = [
    ...chains,
    "chain look {",
    // What belongs to something that was allowed; what finds neighbours and addresses; the metadata service, which no firewall reaches.
    "ct state established,related accept",
    "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert } accept",
    "ip daddr 169.254.169.254 accept",
    ...verdicts("saddr", "from", guarded),
    ...verdicts("daddr", "to", guarded),
    "}",
    ...["forward", "input", "output"].flatMap((hook) => [
      `chain ${hook} {`,
      `type filter hook ${hook} priority filter + 10; policy accept;`,
      "jump look",
      "}",
    ]),
  ];
  return `${fresh}${table} {\n${lines.join("\n")}\n}\n`;
}

function verdicts(field: "saddr" | "daddr", way: "from" | "to", guarded: readonly Guarded[]): readonly string[] {
  return [false, true].flatMap((six) => {
    const all = guarded.flatMap((one) =>
      one.addresses.filter((address) => isSix(address) === six).map((address) => `${address} : jump ${way}-${one.id}`),
    );
    return all.length === 0 ? [] : [`${six ? "ip6" : "ip"} ${field} vmap { ${all.join(", ")} }`];
  });
}

function chain(name: string, allowed: readonly Allowed[], field: "saddr" | "daddr"): readonly string[] {
  return [`chain ${name} {`, ...allowed.flatMap((one) => allow(one, field)), "drop", "}"];
}

/** One rule a place: places may lie within each other, which a set of nft may not. */
function allow({ protocol, ports, places }: Allowed, field: "saddr" | "daddr"): readonly string[] {
  return [...new Set(places)].map((place) => {
    const six = isSix(place);
    const where = place.endsWith("/0") ? `meta nfproto ipv${six ? 6 : 4}` : `${six ? "ip6" : "ip"} ${field} ${place}`;
    return `${where} ${traffic(protocol, ports, six)} return`;
  });
}

/** By number: a machine need not have the names of protocols. */
const numbers = { tcp: 6, udp: 17 } as const;

function traffic(protocol: Allowed["protocol"], ports: Allowed["ports"], six: boolean): string {
  if (protocol === "icmp") return `meta l4proto ${six ? 58 : 1}`;
  if (ports === undefined) return `meta l4proto ${numbers[protocol]}`;
  const [first, last] = ports;
  return `${protocol} dport ${first === last ? first : `${first}-${last}`}`;
}
