import { fail } from "./errors.ts";
import type { Slot } from "./names.ts";

/** First port of a service's pair: blue listens there on loopback, green one above. */
export type Ports = Readonly<Record<string, number>>;

const first = 20_000;
const pairs = 5_000;

export const portOf = (base: number, slot: Slot): number => (slot === "blue" ? base : base + 1);

/** FNV-1a, 32 bits: spreads names evenly and is the same everywhere. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}

/**
 * A pair of ports for each service that takes requests. A service keeps the pair of `kept` (what its last deployment used), a new one gets
 * the pair its name hashes to, or the next that is free of `taken`. Same input, same answer; no two services share a port.
 */
export function assignPorts(
  app: string,
  services: readonly string[],
  kept: Ports = {},
  taken: ReadonlySet<number> = new Set(),
): Ports {
  const given = new Map<string, number>();
  const used = new Set<number>();
  for (const service of services) {
    const base = kept[service];
    if (base === undefined || used.has(base)) continue;
    given.set(service, base);
    used.add(base);
  }
  for (const service of services.toSorted()) {
    if (given.has(service)) continue;
    const start = hash(`${app}/${service}`) % pairs;
    let base = 0;
    for (let step = 0; step < pairs && base === 0; step += 1) {
      const candidate = first + 2 * ((start + step) % pairs);
      if (!used.has(candidate) && !taken.has(candidate) && !taken.has(candidate + 1)) base = candidate;
    }
    if (base === 0) throw fail("deploy.port-taken", `no free pair of ports between ${first} and ${first + 2 * pairs}`);
    given.set(service, base);
    used.add(base);
  }
  return Object.fromEntries(services.map((service) => [service, given.get(service) ?? 0]));
}

/** Ports in state LISTEN, out of the text of /proc/net/tcp and tcp6. */
export function listeningPorts(procNetTcp: string): ReadonlySet<number> {
  const ports = new Set<number>();
  for (const match of procNetTcp.matchAll(/^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} 0A /gm))
    ports.add(Number.parseInt(match[1] ?? "0", 16));
  return ports;
}
