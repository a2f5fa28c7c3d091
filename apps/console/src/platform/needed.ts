import { itemsOf } from "@slipway/config/engine/items";
import { hostInfo, Secret } from "@slipway/model";
import { stationSecrets } from "../station/settings.ts";
import type { Project } from "./load.ts";

/** Every secret in plain data, however deep. */
function secretsWithin(value: unknown): readonly Secret[] {
  if (Secret.is(value)) return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(secretsWithin);
}

/** Secrets that a platform uses → where: names of hosts, `cloud` for their machines, `monitor` and `ci` for those services. Pure. */
export function neededSecrets({ platform }: Pick<Project, "platform">): ReadonlyMap<string, readonly string[]> {
  const uses = new Map<string, Set<string>>();
  const use = (name: string, where: string): void => {
    uses.set(name, (uses.get(name) ?? new Set()).add(where));
  };
  const hosts = platform.hosts.map(hostInfo);
  for (const host of platform.hosts) {
    for (const { claim } of itemsOf(host, { self: hostInfo(host), hosts }))
      for (const secret of secretsWithin(claim.secrets)) use(secret.name, host.name);
    for (const secret of secretsWithin(host.on.spec)) use(secret.name, "cloud");
  }
  if (platform.ci !== undefined) for (const name of [stationSecrets.ciKey, stationSecrets.signingKey]) use(name, "ci");
  if (platform.monitor !== undefined) {
    use(stationSecrets.monitorKey, "monitor");
    for (const channel of platform.monitor.watches.spec.tell) use(channel.config.url.secret, "monitor");
  }
  return new Map([...uses].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, where]) => [name, [...where]]));
}
