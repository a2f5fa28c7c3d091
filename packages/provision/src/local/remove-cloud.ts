import { diskDown } from "./disks.ts";
import { filterRules } from "./filter.ts";
import { help, helperLabel, sweepHelpers } from "./helper.ts";
import { removeHost } from "./start-container.ts";
import type { Cloud } from "./state.ts";
import { cloudLabel } from "./store.ts";

/** What the engine holds of a cloud, by name. */
export interface Holding {
  readonly containers: readonly string[];
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
}

interface Named {
  readonly Id?: string;
  readonly Name?: string;
  readonly Names?: readonly string[];
  readonly Labels?: Readonly<Record<string, string>> | null;
}

async function listed(
  cloud: Pick<Cloud, "engine" | "name">,
  what: "containers" | "volumes" | "networks",
  label: string,
) {
  const path = what === "containers" ? "/containers/json" : `/${what}`;
  const query = { filters: { label: [label] }, ...(what === "containers" ? { all: true } : {}) };
  const seen = (await cloud.engine.call("GET", path, { query })).json() as Named[] | { Volumes: Named[] | null };
  return Array.isArray(seen) ? seen : (seen.Volumes ?? []);
}

/** Tells all that the engine holds of a cloud; nothing at all when it is gone. */
export async function heldOf(cloud: Pick<Cloud, "engine" | "name">): Promise<Holding> {
  const own = `${cloudLabel}=${cloud.name}`;
  const [droplets, helpers, volumes, networks] = await Promise.all([
    listed(cloud, "containers", own),
    listed(cloud, "containers", `${helperLabel}=${cloud.name}`),
    listed(cloud, "volumes", own),
    listed(cloud, "networks", own),
  ]);
  return {
    containers: [...droplets, ...helpers].map((one) => one.Names?.[0]?.slice(1) ?? ""),
    volumes: volumes.map((one) => one.Name ?? ""),
    networks: networks.map((one) => one.Name ?? ""),
  };
}

/**
 * Removes all of a cloud: machines with their disks, volumes and snapshots with their data, networks, addresses, filter. There is no way back.
 * May be repeated, whatever the last one was killed at; nobody else should serve the cloud meanwhile.
 */
export async function removeCloud(cloud: Cloud): Promise<void> {
  const own = `${cloudLabel}=${cloud.name}`;
  const droplets = await listed(cloud, "containers", own);
  await Promise.all(droplets.map((one) => removeHost(cloud.engine, one.Id ?? "")));
  const volumes = await listed(cloud, "volumes", own);
  for (const { Labels } of volumes) {
    const disk = Labels?.["slipway.disk"];
    if (disk !== undefined) await diskDown(cloud, disk);
  }
  if (droplets.length > 0 || volumes.length > 0) {
    const input = filterRules(cloud.name, []);
    await help(cloud, { script: "nft -f /input", input, network: true });
  }
  await sweepHelpers(cloud, -60);
  // What says that there is something to be removed goes last.
  for (const { Name } of await listed(cloud, "networks", own))
    await cloud.engine.call("DELETE", `/networks/${Name}`, { accept: [404] });
  for (const { Name } of volumes) await cloud.engine.call("DELETE", `/volumes/${Name}`, { accept: [404] });
}
