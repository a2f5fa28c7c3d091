import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fail } from "../errors.ts";
import { type Engine, hasStatus } from "./engine.ts";
import { exclusively } from "./lock.ts";
import { runLabel } from "./run-label.ts";

/** Label of containers that hold an address of a network, running or not. */
export const networkLabel = "slipway.network";
export const addressLabel = "slipway.address";

/** Labels of a container that holds this address. */
export const holdingOf = (network: string, address: string): Readonly<Record<string, string>> => ({
  [networkLabel]: network,
  [addressLabel]: address,
});

interface Seen {
  readonly Labels: Readonly<Record<string, string>>;
}

/** The subnet to try at this attempt: a /22 of 10.128.0.0/9, away from what Docker hands out by itself. */
export function subnetOf(name: string, attempt: number): string {
  const hash = createHash("sha256").update(`${name} ${attempt}`).digest();
  return `10.${128 + ((hash[0] ?? 0) & 127)}.${(hash[1] ?? 0) & 252}.0/22`;
}

/** The address of the cloud's own machine on the network of this address or subnet: the last, so that it is known before there is one. */
export function gatewayAddress(of: string): string {
  const [a, b, c] = of.split(/[./]/).map(Number) as [number, number, number];
  return `${a}.${b}.${c | 3}.254`;
}

/** The lowest address of the subnet that nobody holds; the first is the gateway's. */
export function freeAddress(subnet: string, taken: ReadonlySet<string>): string {
  const [a, b, c] = subnet.split(/[./]/).map(Number) as [number, number, number];
  for (let host = 2; host < 1023; host += 1) {
    const address = `${a}.${b}.${c + (host >> 8)}.${host & 255}`;
    if (!taken.has(address)) return address;
  }
  throw fail("quota.exceeded", `the local network ${subnet} has no free address`);
}

/**
 * Runs `create` with a network of that name and an address on it that is held until the container with the labels it is given goes.
 * The address stays the container's own over restarts, as a machine's does.
 */
export async function withAddress<T>(
  engine: Engine,
  name: string,
  labels: Readonly<Record<string, string>>,
  create: (address: string, holding: Readonly<Record<string, string>>) => Promise<T>,
  signal?: AbortSignal,
  choose: (subnet: string, taken: ReadonlySet<string>) => string = freeAddress,
): Promise<T> {
  const work = async (): Promise<T> => {
    const subnet = await ensureNetwork(engine, name, labels);
    const held = await holders(engine, name);
    const address = choose(subnet, new Set(held.map((one) => one.Labels[addressLabel] ?? "")));
    return create(address, holdingOf(name, address));
  };
  return exclusively(`network ${name}`, work, signal);
}

/** Removes the network unless a container still holds an address of it. True when it is gone. */
export async function removeNetwork(engine: Engine, name: string): Promise<boolean> {
  return exclusively(`network ${name}`, async () => {
    if ((await holders(engine, name)).length > 0) return false;
    const gone = await engine.call("DELETE", `/networks/${name}`, { accept: [403, 404] });
    return gone.status !== 403;
  });
}

async function holders(engine: Engine, name: string): Promise<readonly Seen[]> {
  const list = await engine.call("GET", "/containers/json", {
    query: { all: true, filters: { label: [`${networkLabel}=${name}`] } },
  });
  return list.json() as Seen[];
}

/** Makes sure that there is a network of that name and gives its subnet; for who holds the lock `network NAME`. */
export async function ensureNetwork(
  engine: Engine,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<string> {
  const seen = await engine.call("GET", `/networks/${name}`, { accept: [404] });
  if (seen.status === 200) {
    const subnet = (seen.json() as { IPAM: { Config: { Subnet: string }[] } }).IPAM.Config[0]?.Subnet;
    if (subnet !== undefined) return subnet;
  }
  const mtu = await outerMtu();
  for (let attempt = 0; attempt < 40; attempt += 1) {
    const subnet = subnetOf(name, attempt);
    try {
      await engine.call("POST", "/networks/create", {
        body: {
          Name: name,
          CheckDuplicate: true,
          Driver: "bridge",
          Labels: { ...labels, ...runLabel() },
          IPAM: { Config: [{ Subnet: subnet }] },
          Options: { "com.docker.network.driver.mtu": String(mtu) },
        },
      });
      return subnet;
    } catch (error) {
      if (hasStatus(error, 409)) return ensureNetwork(engine, name, labels);
      if (!/overlaps/.test(error instanceof Error ? error.message : "")) throw error;
    }
  }
  throw fail("engine.failed", "no free range of addresses for a local network");
}

/** The MTU of the interface of the default route; 1500 where that cannot be read. */
export async function outerMtu(): Promise<number> {
  try {
    const routes = await readFile("/proc/net/route", "utf8");
    const device = routes
      .split("\n")
      .map((line) => line.split("\t"))
      .find((fields) => fields[1] === "00000000")?.[0];
    return Number(await readFile(`/sys/class/net/${device}/mtu`, "utf8"));
  } catch {
    return 1500;
  }
}

/** Name servers of this machine that a container can reach. */
export async function nameservers(): Promise<readonly string[]> {
  // systemd-resolved keeps the real ones beside its stub's file.
  for (const path of ["/run/systemd/resolve/resolv.conf", "/etc/resolv.conf"]) {
    const text = await readFile(path, "utf8").catch(() => "");
    const found = [...text.matchAll(/^nameserver\s+(\S+)/gm)]
      .map((match) => match[1] ?? "")
      .filter((one) => !/^(127\.|::1)/.test(one));
    if (found.length > 0) return found;
  }
  return ["1.1.1.1", "8.8.8.8"];
}
