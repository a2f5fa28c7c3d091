import { createHash } from "node:crypto";
import { isIP } from "node:net";
import {
  all,
  type Command,
  type DebianLike,
  debianLike,
  guarded,
  type Property,
  property,
  type Reading,
  type Revertable,
  revertable,
  together,
} from "@slipway/model";
import { diffLines } from "../diff.ts";
import { fail } from "../errors.ts";
import { file } from "../facts/files.ts";
import { checkedAddress, checkedName, checkedNetwork } from "../text/names.ts";
import { enabled, unit } from "./systemd.ts";

const resolv = "/etc/resolv.conf";
const stub = "/run/systemd/resolve/stub-resolv.conf";

/** A host of systemd-resolved has its link again; another one has no file. */
const leftToResolved: Property<DebianLike> = property("names are looked up by systemd-resolved, if it runs", {
  on: debianLike,
  about: `file:${resolv}`,
  observe: together({ now: file(resolv), resolved: file(stub) }),
  plan: ({ now, resolved }) => {
    if (resolved.kind === "absent") return now.kind === "absent" && !now.link ? [] : [{ remove: resolv }];
    return now.link
      ? []
      : [
          ["ln", "-sfn", `..${stub}`, `${resolv}.slipway`],
          ["mv", "-fT", `${resolv}.slipway`, resolv],
        ];
  },
  writes: [`file:${resolv}`],
});

/**
 * The host asks these name servers, in this order: /etc/resolv.conf is this file, and no link to what another program writes. A DHCP client
 * that writes it too has to be told not to. Its opposite leaves it to systemd-resolved where that runs, as on Ubuntu; elsewhere the host is
 * without a name server of its own. Throws `config.bad-argument`.
 */
export function resolver(
  servers: readonly [string, ...string[]],
  options: { readonly search?: readonly string[] } = {},
): Revertable<DebianLike> {
  // The C library looks at no more than three.
  if (servers.length === 0 || servers.length > 3)
    throw fail("config.bad-argument", `${servers.length} name servers: a host asks one to three`);
  const search = (options.search ?? []).map(checkedName);
  const text = `${search.length === 0 ? "" : `search ${search.join(" ")}\n`}${servers
    .map((one) => `nameserver ${checkedAddress(one)}\n`)
    .join("")}`;
  const digest = createHash("sha256").update(text).digest("hex");
  const write = { path: resolv, content: text, mode: "0644", owner: "root", group: "root" };
  const made = property(`names are looked up at ${servers.join(", ")}`, {
    on: debianLike,
    about: `file:${resolv}`,
    detail: digest,
    observe: file(resolv, digest),
    plan: (seen) => {
      if (seen.link) return [["rm", "-f", "--", resolv], write];
      return seen.kind === "file" && seen.sha256 === digest ? [] : [write];
    },
    diff: (seen) => diffLines(seen.content ?? "", text),
    writes: [`file:${resolv}`],
  });
  return revertable(guarded(made, { title: "name servers", files: [resolv], settle: [] }), leftToResolved);
}

const checkedInterface = (name: string): string => {
  if (!/^[A-Za-z][A-Za-z0-9._-]{0,14}$/.test(name))
    throw fail("config.bad-argument", `"${name}" is not the name of a network interface`);
  return name;
};

/** Lines of `ip -o`, of both families. */
const shown = (what: "address" | "route"): Reading<readonly string[]> => ({
  read: ["sh", "-c", `ip -o -4 ${what} show; ip -o -6 ${what} show`, `ip ${what}`],
  reads: [`network ${what}:*`],
  parse: (stdout) => stdout.split("\n").map((line) => line.trim().replace(/\s+/g, " ")),
});

/** What is so now, and a unit that makes it so at boot, whatever else configures the network. */
function lasting(of: {
  readonly what: "address" | "route";
  readonly name: string;
  readonly title: string;
  readonly there: (lines: readonly string[]) => boolean;
  readonly add: Command;
  /** As `add`, where it is there already too. */
  readonly replace: Command;
  readonly remove: Command;
}): Revertable<DebianLike> {
  const about = `network ${of.what}:${of.name}`;
  const live = property(of.title, {
    on: debianLike,
    about,
    detail: of.add,
    observe: shown(of.what),
    plan: (lines) => (of.there(lines) ? [] : [of.add]),
    writes: [about],
    revert: { title: `not: ${of.title}`, plan: (lines) => (of.there(lines) ? [of.remove] : []) },
  });
  const unitName = `slipway-${of.what}-${of.name.replace(/[^A-Za-z0-9._-]/g, "-")}.service`;
  const service = unit(
    unitName,
    `[Unit]
Description=${of.title}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${["/usr/bin/env", ...of.replace].join(" ")}

[Install]
WantedBy=multi-user.target
`,
  );
  const now: Property<DebianLike> = guarded(live, { title: of.title, files: [], settle: [of.remove] });
  // After the change has been seen to leave the host reachable: what is not at boot is gone by a restart.
  const atBoot = enabled(unitName).requires(service).requires(now);
  return revertable(all(of.title, [now, atBoot]), all(`not: ${of.title}`, [service.opposite, live.opposite]));
}

/**
 * An interface has this address too, such as `10.0.0.5/24`: now, and after every boot by a unit of its own, so it does not matter which
 * program configures the interface otherwise. systemd-networkd takes it away when it configures the interface anew.
 * Throws `config.bad-argument`.
 */
export function address(networkInterface: string, wanted: string): Revertable<DebianLike> {
  const dev = checkedInterface(networkInterface);
  const [given = "", length = ""] = wanted.split("/");
  const plain = checkedAddress(given);
  if (!/^\d{1,3}$/.test(length) || Number(length) < 1 || Number(length) > (isIP(plain) === 4 ? 32 : 128))
    throw fail("config.bad-argument", `"${wanted}" is not an address with the length of its network: 10.0.0.5/24`);
  const full = `${plain}/${Number(length)}`;
  return lasting({
    what: "address",
    name: `${dev}-${full}`,
    title: `${dev} has the address ${full}`,
    there: (lines) =>
      lines.some(
        (line) =>
          new RegExp(`^\\d+: ${dev.replaceAll(".", "\\.")}(@\\S+)? inet6? `).test(line) && line.includes(` ${full} `),
      ),
    add: ["ip", "address", "add", full, "dev", dev],
    replace: ["ip", "address", "replace", full, "dev", dev],
    remove: ["ip", "address", "del", full, "dev", dev],
  });
}

/**
 * A network is reached through this address: now, and after every boot as {@link address}. The default route is the machine's own and is
 * refused. A route to the same network that is there already is not replaced: it fails. Throws `config.bad-argument`.
 */
export function route(network: string, via: string): Revertable<DebianLike> {
  const to = checkedNetwork(network);
  const gateway = checkedAddress(via);
  if (to.endsWith("/0")) throw fail("config.bad-argument", "the default route is the machine's own");
  if (isIP(gateway) !== isIP(to.split("/")[0] ?? ""))
    throw fail("config.bad-argument", `${via} and ${network} are not of the same family`);
  const words = [to, "via", gateway] as const;
  return lasting({
    what: "route",
    name: to,
    title: `${to} is reached through ${gateway}`,
    there: (lines) => lines.some((line) => `${line} `.startsWith(`${words.join(" ")} `)),
    add: ["ip", "route", "add", ...words],
    replace: ["ip", "route", "replace", ...words],
    remove: ["ip", "route", "del", ...words],
  });
}
