import { isIP } from "node:net";
import {
  all,
  type DebianLike,
  debianLike,
  derived,
  type Property,
  property,
  type Revertable,
  revertable,
  type Surroundings,
  type TakenPort,
  telling,
} from "@slipway/model";
import { diffLines } from "../diff.ts";
import { fail } from "../errors.ts";
import { text } from "../facts/texts.ts";
import { unit } from "../facts/units.ts";
import { checkedName } from "../text/names.ts";
import { type DnsRecord, nextSerial, serialIn, type ZoneText, zoneText } from "../text/zone.ts";
import { installed } from "./apt.ts";
import { absent, content, directory } from "./file.ts";
import { reloaded, restarted, running } from "./systemd.ts";

export type { DnsRecord } from "../text/zone.ts";

export interface ZoneOptions {
  /** Besides the names that the platform's hosts tell. */
  readonly records?: readonly DnsRecord[];
  /** Names of its name servers, the first of which is this host. Default: `ns1` of the zone, at this host's address. */
  readonly nameServers?: readonly [string, ...string[]];
  /** Mail address of who answers for it. Default `hostmaster` of the zone. */
  readonly hostmaster?: string;
  /** In seconds; default 3600. */
  readonly ttl?: number;
  /** The serial of a zone that is not there yet. Default 1: give a larger one where others have copied it with a larger one. */
  readonly firstSerial?: number;
}

const folder = "/etc/nsd/slipway";
const base = "/etc/nsd/nsd.conf.d/00-slipway.conf";

// Before the package, as its nsd does not start on a host without IPv6: its control port is on ::1.
const settled = content(base, "server:\n\thide-version: yes\nremote-control:\n\tcontrol-enable: no\n").requires(
  directory("/etc/nsd/nsd.conf.d"),
);

const resolved = "/etc/systemd/resolved.conf.d";

// Its listener at 127.0.0.53 would keep nsd from port 53 of all addresses. Without one it names its servers themselves in /etc/resolv.conf.
const listenerGone: Property<DebianLike> = content(`${resolved}/slipway-dns.conf`, "[Resolve]\nDNSStubListener=no\n")
  .requires(directory(resolved))
  .onChange(restarted("systemd-resolved"))
  .describe("systemd-resolved leaves port 53 to nsd")
  .when({
    title: "systemd-resolved runs",
    observe: unit("systemd-resolved"),
    holds: (seen) => seen.active === "active",
  });

const nsd: Property<DebianLike> = installed("nsd").requires(settled).requires(listenerGone);

/**
 * This host answers for a zone, from nsd: with the names that all hosts of the platform tell, at their addresses, and records of one's own.
 * The zone is tried before it is installed; its serial grows when its content changes, and only then. Where systemd-resolved runs, as on
 * Ubuntu, programs ask its servers themselves from then on. Throws `config.bad-argument`.
 */
export function zone(
  name: string,
  options: ZoneOptions = {},
): Revertable<DebianLike, TakenPort<53, "udp" | "tcp", "nsd">> {
  const plain = checkedName(name.replace(/\.$/, ""));
  const path = `${folder}/${plain}.zone`;
  // Records of one's own are checked before anything is connected.
  zoneText(textOf(plain, options, { self: { name: "", os: "debian", version: "", info: [] }, hosts: [] }), 1);
  const config = content(
    `/etc/nsd/nsd.conf.d/slipway-${plain}.conf`,
    `zone:\n\tname: "${plain}"\n\tzonefile: "${path}"\n`,
    {
      validate: ["nsd-checkconf", "{}"],
    },
  );
  const made = derived(`zone ${plain} has its records`, debianLike, (around) =>
    records(path, textOf(plain, options, around), options.firstSerial ?? 1).onChange(reloaded("nsd")),
  ).requires(all(`nsd is installed`, [directory(folder), nsd]));
  const served = all(`${plain} is served`, [
    made,
    config.onChange(restarted("nsd")).requires(made),
    running("nsd").requires(config),
  ]);
  const told = telling(
    served,
    { kind: "port", port: 53, protocol: "udp", owner: "nsd", from: "anywhere" },
    { kind: "port", port: 53, protocol: "tcp", owner: "nsd", from: "anywhere" },
    { kind: "check", title: `name server of ${plain}`, check: { type: "unit", unit: "nsd.service" } },
  );
  const gone = absent(`/etc/nsd/nsd.conf.d/slipway-${plain}.conf`).onChange(restarted("nsd"));
  return revertable(told, all(`${plain} is not served`, [gone, absent(path).requires(gone)]));
}

function textOf(zoneName: string, options: ZoneOptions, { self, hosts }: Surroundings): ZoneText {
  const servers = options.nameServers ?? [`ns1.${zoneName}`];
  const own: DnsRecord[] = servers.map((to) => ({ name: "@", type: "NS", to }));
  const inZone = (full: string): string | undefined =>
    full === zoneName ? "@" : full.endsWith(`.${zoneName}`) ? full.slice(0, -zoneName.length - 1) : undefined;
  const at = (full: string, address: string | undefined): readonly DnsRecord[] => {
    const inside = inZone(full);
    if (inside === undefined || address === undefined) return [];
    return [{ name: inside, type: isIP(address) === 6 ? "AAAA" : "A", to: address }];
  };
  const told = hosts.flatMap((host) =>
    host.info.flatMap((info) => (info.kind === "name" ? at(info.name, host.address) : [])),
  );
  const itself = options.nameServers === undefined ? at(`ns1.${zoneName}`, self.address) : [];
  return {
    zone: zoneName,
    nameServer: servers[0],
    hostmaster: options.hostmaster ?? `hostmaster@${zoneName}`,
    ttl: options.ttl ?? 3_600,
    records: [...own, ...itself, ...told, ...(options.records ?? [])],
  };
}

function records(path: string, of: ZoneText, firstSerial: number): Property<DebianLike> {
  if (!Number.isInteger(firstSerial) || firstSerial < 1 || firstSerial > 4_294_967_295)
    throw fail("config.bad-argument", `${firstSerial} is no serial of a zone`);
  const wanted = (lines: readonly string[]): string => {
    const serial = serialIn(lines);
    if (serial === undefined) return zoneText(of, firstSerial);
    const same = zoneText(of, serial);
    return same === `${lines.join("\n")}\n` ? same : zoneText(of, nextSerial(serial));
  };
  const changed = (lines: readonly string[]): boolean => wanted(lines) !== `${lines.join("\n")}\n`;
  return property(`${path} has its records`, {
    on: debianLike,
    about: `file:${path}`,
    detail: [zoneText(of, 0), firstSerial],
    observe: text(path),
    plan: ({ lines }) =>
      changed(lines)
        ? [
            {
              path,
              content: wanted(lines),
              mode: "0644",
              owner: "root",
              group: "root",
              validate: ["nsd-checkzone", of.zone, "{}"],
            },
          ]
        : [],
    diff: ({ lines }) =>
      diffLines(lines.length === 0 ? "" : `${lines.join("\n")}\n`, wanted(lines)).replace(/^-\n/, ""),
    writes: [`file:${path}`],
  });
}
