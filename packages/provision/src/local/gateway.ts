import { createHash, randomBytes } from "node:crypto";
import { Resolver } from "node:dns/promises";
import { domainsOf } from "./domains.ts";
import type { Engine } from "./engine.ts";
import { gatewayRecipe } from "./gateway-files.ts";
import { imageName } from "./image.ts";
import { type ReservedIp, reservedIpsOf } from "./inventory.ts";
import { exclusively } from "./lock.ts";
import { type Interface, metadataFiles } from "./metadata.ts";
import { networkName } from "./names.ts";
import { addressLabel, gatewayAddress, nameservers, withAddress } from "./network.ts";
import { addressOf, netmaskOf, rangeOf } from "./private-network.ts";
import { removeNetworkOf } from "./reserved-ips.ts";
import { runLabel } from "./run-label.ts";
import { removeHost } from "./start-container.ts";
import type { Cloud } from "./state.ts";
import { cloudLabel, type DropletRecord, readStore } from "./store.ts";
import { type TarFile, tar } from "./tar.ts";
import { type Domain, namedConf, servedZone, zoneFileName } from "./zones.ts";

/** Label of a cloud's own machine: the cloud's name. */
const gatewayLabel = "slipway.gateway";

interface Gateway {
  readonly id: string;
  readonly address: string;
  readonly image: string;
  readonly running: boolean;
  /** Which state of the cloud it serves, told by its name; empty before the first. */
  readonly serves: string;
}

const nameOf = (cloud: string, serves: string): string =>
  `slipway.${cloud}.gateway${serves === "" ? "" : `.${serves}`}`;

/** The address at which a cloud's name server answers, while it has droplets or domains. */
export const gatewayOf = async (engine: Engine, cloud: string): Promise<string | undefined> =>
  (await look(engine, cloud))?.address;

/** When the cloud's own machine was last started, which whatever restarts the engine's machine restarts; undefined while it does not run. */
export async function gatewaySince({ engine, name }: Pick<Cloud, "engine" | "name">): Promise<string | undefined> {
  const seen = await look(engine, name);
  if (seen?.running !== true) return undefined;
  const told = await engine.call("GET", `/containers/${seen.id}/json`, { accept: [404] });
  return told.status === 404 ? undefined : (told.json() as { State: { StartedAt: string } }).State.StartedAt;
}

async function look(engine: Engine, cloud: string): Promise<Gateway | undefined> {
  const query = { all: true, filters: { label: [`${gatewayLabel}=${cloud}`] } };
  const seen = (await engine.call("GET", "/containers/json", { query })).json() as {
    Id: string;
    Names: string[];
    Image: string;
    State: string;
    Labels: Record<string, string>;
  }[];
  const one = seen.find(({ State }) => State !== "removing");
  return (
    one && {
      id: one.Id,
      address: one.Labels[addressLabel] ?? "",
      image: one.Image,
      running: one.State === "running",
      serves: (one.Names[0] ?? "").slice(1 + nameOf(cloud, "").length + 1),
    }
  );
}

/**
 * Makes the cloud's own machine serve what is known now: names and metadata. It is made with the first droplet or domain and goes with the last;
 * the network then goes too. May be called by any number of processes at once and repeated after a kill at any point: whoever comes last has read
 * the newest state.
 */
export function syncGateway(cloud: Cloud): Promise<void> {
  return exclusively(`gateway ${cloud.name}`, async () => {
    const [{ droplets }, domains, reserved, seen] = await Promise.all([
      readStore(cloud.engine, cloud.name),
      domainsOf(cloud),
      reservedIpsOf(cloud),
      look(cloud.engine, cloud.name),
    ]);
    if (droplets.length === 0 && domains.length === 0) {
      if (seen !== undefined) await removeHost(cloud.engine, seen.id);
      await removeNetworkOf(cloud);
      return;
    }
    const gateway = await ensure(cloud, seen);
    if (gateway === undefined) return;
    await serve(cloud, gateway, stateFiles(gateway, { droplets, domains, reserved, outer: await nameservers() }));
    if (!gateway.running && domains[0] !== undefined) await answers(gateway.address, domains[0].name);
  });
}

async function ensure(cloud: Cloud, seen: Gateway | undefined): Promise<Gateway | undefined> {
  if (seen?.image === imageName(gatewayRecipe)) return seen;
  const image = await cloud.gatewayImage();
  if (image === undefined) return seen;
  // One of an older recipe.
  if (seen !== undefined) await removeHost(cloud.engine, seen.id);
  const network = networkName(cloud.name);
  const create = async (address: string, holding: Readonly<Record<string, string>>): Promise<Gateway> => {
    const made = await cloud.engine.call("POST", "/containers/create", {
      query: { name: nameOf(cloud.name, "") },
      body: {
        Image: image,
        Cmd: ["/usr/lib/slipway/gateway"],
        Labels: { [cloudLabel]: cloud.name, [gatewayLabel]: cloud.name, ...holding, ...runLabel() },
        HostConfig: {
          CapAdd: ["NET_ADMIN"],
          RestartPolicy: { Name: "always" },
          LogConfig: { Type: "json-file", Config: { "max-size": "1m", "max-file": "1" } },
          NetworkMode: network,
        },
        NetworkingConfig: { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: address } } } },
      },
    });
    return { id: (made.json() as { Id: string }).Id, address, image, running: false, serves: "" };
  };
  return withAddress(cloud.engine, network, { [cloudLabel]: cloud.name }, create, undefined, gatewayAddress);
}

/** What of a cloud, and of this machine, is served. */
interface Known {
  readonly droplets: readonly DropletRecord[];
  readonly domains: readonly Domain[];
  readonly reserved: readonly Pick<ReservedIp, "address" | "droplet">[];
  /** Name servers that are asked for everything else. */
  readonly outer: readonly string[];
}

const netOf = (cidr: string): Interface => ({
  address: cidr.replace(/\/.*/, ""),
  netmask: netmaskOf(cidr),
  // The engine gives it the first address.
  gateway: addressOf(rangeOf(cidr).first + 1),
});

/** All that the machine serves, as files below the folder of one state. Pure. */
export function stateFiles(
  { address }: Pick<Gateway, "address">,
  { droplets, domains, reserved, outer }: Known,
): readonly TarFile[] {
  const files: TarFile[] = domains.map((domain) => ({
    path: `zones/${zoneFileName(domain.name)}`,
    content: servedZone(domain),
  }));
  for (const droplet of droplets) {
    const reservedIp = reserved.find((one) => one.droplet === droplet.id)?.address;
    const told = metadataFiles({
      id: droplet.id,
      hostname: droplet.name,
      region: droplet.region,
      userData: droplet.userData,
      publicKeys: droplet.rootKeys,
      tags: droplet.tags,
      nameservers: [address, ...outer],
      publicNet: netOf(`${droplet.address}/22`),
      ...(droplet.privateAddress !== "" && { privateNet: netOf(droplet.privateAddress) }),
      ...(reservedIp !== undefined && { reservedIp }),
    });
    for (const [path, content] of told) files.push({ path: `metadata/${droplet.address}/${path}`, content });
  }
  // Last, as it tells that the others are there.
  return [...files, { path: "named.conf", content: namedConf(domains, outer) }];
}

async function serve(cloud: Cloud, gateway: Gateway, files: readonly TarFile[]): Promise<void> {
  const { engine } = cloud;
  const container = `/containers/${gateway.id}`;
  const state = createHash("sha256").update(tar(files)).digest("hex").slice(0, 12);
  if (gateway.serves !== state) {
    const folder = `${state}-${randomBytes(4).toString("hex")}`;
    const body = tar([
      ...files.map((file) => ({ ...file, path: `/srv/${folder}/${file.path}` })),
      { path: "/srv/next", content: `${folder}\n` },
    ]);
    await engine.call("PUT", `${container}/archive`, { query: { path: "/" }, body });
    if (gateway.running) await engine.call("POST", `${container}/kill`, { query: { signal: "HUP" }, accept: [409] });
    // Its name tells which state it serves, so that nothing is sent twice.
    await engine.call("POST", `${container}/rename`, { query: { name: nameOf(cloud.name, state) } });
  }
  if (!gateway.running) await engine.call("POST", `${container}/start`);
}

/** Waits until the name server answers for a zone, two seconds at most: on other systems than Linux its address is out of reach. */
async function answers(address: string, zone: string): Promise<void> {
  const resolver = new Resolver({ timeout: 200, tries: 1 });
  resolver.setServers([address]);
  const until = Date.now() + 2_000;
  while (Date.now() < until) {
    try {
      await resolver.resolveSoa(zone);
      return;
    } catch {
      // It listens before it has read its zones.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Runs `work` once at a time; each call gives the end of a run that began after it. */
export function settling(work: () => Promise<void>): () => Promise<void> {
  let current: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  return () => {
    next ??= current.then(() => {
      next = undefined;
      current = work();
      return current;
    });
    return next;
  };
}
