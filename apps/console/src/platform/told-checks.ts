import { type Host, hostInfo } from "@slipway/model";
import { type Check, type Monitor, monitor, url } from "@slipway/monitor";

const within = "5s";
const loopback = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** As the monitor's host sees it: what is local to a host stands under the host's name. */
function seenFromOutside(host: Host, address: `http${"s" | ""}://${string}`): `http${"s" | ""}://${string}` {
  const seen = new URL(address);
  if (loopback.has(seen.hostname)) seen.hostname = host.name;
  return seen.href as typeof address;
}

/**
 * The monitor with the web addresses that properties of hosts tell, besides those that are expected already. Units are not among them: every
 * failed unit of a watched host counts anyway. Pure.
 */
export function withToldChecks(watches: Monitor, hosts: readonly Host[]): Monitor {
  const expected = new Set(watches.spec.expect.flatMap((check) => check.probes.map((probe) => probe.name)));
  const told = hosts.flatMap((host) =>
    hostInfo(host).info.flatMap((info): readonly Check[] => {
      if (info.kind !== "check" || info.check.type !== "url") return [];
      const check = url(seenFromOutside(host, info.check.url)).answers(info.check.status, within);
      if (check.probes.some((probe) => expected.has(probe.name))) return [];
      for (const probe of check.probes) expected.add(probe.name);
      return [check];
    }),
  );
  return told.length === 0 ? watches : monitor({ ...watches.spec, expect: [...watches.spec.expect, ...told] });
}
