import { type CheckInfo, type Host, hostInfo, type Info } from "@slipway/model";
import { type Check, type Monitor, monitor, tcp, url } from "@slipway/monitor";

const within = "5s";
const loopback = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Whether what listens on a port of the host may be asked from elsewhere, as far as its properties tell. */
const isOpen = (info: readonly Info[], port: number, unsaid: boolean): boolean => {
  const told = info.filter((one) => one.kind === "port" && one.port === port && one.protocol === "tcp");
  return told.length === 0 ? unsaid : told.some((one) => one.kind === "port" && one.from !== "host");
};

/** A check as the monitor's host can do it; undefined for what only the host itself can see. */
function fromOutside(host: Host, info: readonly Info[], { check }: CheckInfo): Check | undefined {
  switch (check.type) {
    case "url": {
      const seen = new URL(check.url);
      if (loopback.has(seen.hostname)) {
        if (!isOpen(info, Number(seen.port || (seen.protocol === "https:" ? 443 : 80)), true)) return undefined;
        seen.hostname = host.name;
      }
      return url(seen.href as typeof check.url).answers(check.status, within);
    }
    case "tcp":
      return isOpen(info, check.port, false) ? tcp(host, check.port).answers(within) : undefined;
    case "unit":
      // Every failed unit of a watched host counts anyway.
      return undefined;
    default:
      return check satisfies never;
  }
}

/**
 * The monitor with the web addresses and ports that properties of hosts tell, besides those that are expected already. What is for a host
 * alone is left out, as the monitor looks from outside. Pure.
 */
export function withToldChecks(watches: Monitor, hosts: readonly Host[]): Monitor {
  const nameOf = (probe: { readonly host: string; readonly name: string }): string => `${probe.host} ${probe.name}`;
  const expected = new Set(watches.spec.expect.flatMap((check) => check.probes.map(nameOf)));
  const told = hosts.flatMap((host) => {
    const { info } = hostInfo(host);
    return info.flatMap((one): readonly Check[] => {
      const check = one.kind === "check" ? fromOutside(host, info, one) : undefined;
      if (check === undefined || check.probes.some((probe) => expected.has(nameOf(probe)))) return [];
      for (const probe of check.probes) expected.add(nameOf(probe));
      return [check];
    });
  });
  return told.length === 0 ? watches : monitor({ ...watches.spec, expect: [...watches.spec.expect, ...told] });
}
