import {
  all,
  type Command,
  type DebianLike,
  debianLike,
  derived,
  type Guard,
  guarded,
  type Property,
  property,
  type Revertable,
  revertable,
  type Surroundings,
} from "@slipway/model";
import { fail } from "../errors.ts";
import { installed } from "./apt.ts";
import { absent, content, directory } from "./file.ts";
import { type Opening, openingsOf, type Port, parseTable, rulesetOf, rulesOf, spelled } from "./firewall-rules.ts";
import { enabled, unit } from "./systemd.ts";

export type { Port, PortRule } from "./firewall-rules.ts";

type OpensSsh<E> = E extends { readonly protocol: "udp" }
  ? never
  : E extends { readonly port: infer N }
    ? OpensSsh<N>
    : number extends E
      ? true
      : E extends 22
        ? true
        : never;
/** Asks for 22 where the compiler can see the ports; `number` may be 22, so then the run-time check decides. */
type WithSsh<P extends readonly Port[]> = [OpensSsh<P[number]>] extends [never] ? readonly [22, ...Port[]] : unknown;

const ruleset = "/etc/slipway/firewall.nft";

const service = unit(
  "slipway-firewall.service",
  `[Unit]
Description=Firewall of this host
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target shutdown.target
Conflicts=shutdown.target
ConditionPathExists=${ruleset}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f ${ruleset}

[Install]
WantedBy=sysinit.target
`,
);

const settled: Command = [
  "sh",
  "-c",
  'if [ -e "$1" ]; then nft -f "$1"; else nft delete table inet slipway; fi',
  "sh",
  ruleset,
];
const guard: Guard = { title: "firewall", files: [ruleset], settle: [settled] };
const table = { read: ["nft", "-t", "list", "table", "inet", "slipway"], reads: ["firewall"] } as const;

const off: Property<DebianLike> = property("firewall is off", {
  on: debianLike,
  about: "firewall",
  detail: "off",
  observe: { ...table, parse: (stdout) => stdout.trim() !== "" },
  plan: (present) => (present ? [["nft", "delete", "table", "inet", "slipway"]] : []),
  writes: ["firewall"],
})
  .requires(absent(ruleset))
  .requires(service.opposite)
  .describe("firewall is off");

function shown({ port, protocol, from, perMinute }: Opening): string {
  const more = `${from === undefined ? "" : ` from ${from}`}${perMinute === undefined ? "" : ` ${perMinute} a minute`}`;
  return `${port}${protocol === "udp" ? "/udp" : ""}${more}`;
}

function closedBut(openings: readonly Opening[]): Property<DebianLike> {
  const text = rulesetOf(openings);
  const rules = rulesOf(openings).rules.map(spelled);
  const title = `firewall allows only ${openings.map(shown).join(", ") || "nothing"}`;
  const file = content(ruleset, text, { mode: "0600", validate: ["nft", "-c", "-f", "{}"] });
  const ready = guarded(file, guard).requires(directory("/etc/slipway")).requires(installed("nftables"));
  const live = property(title, {
    on: debianLike,
    about: "firewall",
    detail: text,
    observe: { ...table, parse: parseTable },
    plan: (seen) =>
      seen.drops && seen.rules.length === rules.length && seen.rules.every((rule, index) => rule === rules[index])
        ? []
        : [["nft", "-f", ruleset]],
    writes: ["firewall"],
  });
  return all(title, [guarded(live, guard).requires(ready), enabled("slipway-firewall").requires(service)]);
}

/**
 * The host takes connections on these ports alone, from the next boot on too. What it sends itself, answers, ICMP and loopback pass.
 * Only our own nftables table is touched: Docker's rules and published ports stay Docker's. 22 must be among the ports; where it is open
 * to some addresses alone they should be those that configure it.
 */
export function allowsOnly<const P extends readonly Port[]>(...ports: P & WithSsh<P>): Revertable<DebianLike> {
  const openings = openingsOf(ports);
  if (!openings.some(({ port, protocol }) => port === 22 && protocol === "tcp")) {
    const list = openings.map(shown).join(", ") || "nothing";
    throw fail(
      "config.firewall-locks-out",
      `a firewall that allows only ${list} closes SSH: the host could not be reached again`,
    );
  }
  return revertable(closedBut(openings), off);
}

/** As {@link allowsOnly}, for a host that is reached otherwise than by SSH on port 22. */
export const allowsOnlyWithoutSsh = (...ports: readonly Port[]): Revertable<DebianLike> =>
  revertable(closedBut(openingsOf(ports)), off);

/**
 * The host takes connections on port 22 and on those that its other properties tell: ports for everybody are open, ports for the
 * platform only to the addresses of its other hosts, as far as they are known.
 */
export const allowsWhatIsServed: Revertable<DebianLike> = revertable(
  derived("firewall allows what is served", debianLike, (around) => closedBut(openingsOf(served(around)))),
  off,
);

function served({ self, hosts }: Surroundings): readonly Port[] {
  const others = hosts.flatMap(({ name, address }) => (name === self.name || address === undefined ? [] : [address]));
  const told = self.info.flatMap((info): readonly Port[] => {
    if (info.kind !== "port" || info.from === "host") return [];
    const { port, protocol } = info;
    if (info.from === "anywhere") return [{ port, protocol }];
    return others.length === 0 ? [] : [{ port, protocol, from: others }];
  });
  return [22, ...told];
}
