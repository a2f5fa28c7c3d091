import { isIP } from "node:net";
import {
  type DebianLike,
  debianLike,
  derived,
  type HostInfo,
  type Os,
  type Revertable,
  revertable,
} from "@slipway/model";
import { fail } from "../errors.ts";
import { checkedAddress, checkedName } from "../text/names.ts";
import { block } from "./file.ts";
import { checkedKey } from "./user-keys.ts";

const path = "/etc/ssh/ssh_known_hosts";
const blockName = "slipway platform";

/** As a line of known_hosts names a host: `git.example.org`, `192.0.2.7` or `[git.example.org]:2222`. */
function checkedPattern(name: string): string {
  const [, bracketed, port] = /^\[([^\]]+)\]:(\d{1,5})$/.exec(name) ?? [];
  const host = bracketed ?? name;
  const plain = isIP(host) === 0 ? checkedName(host) : checkedAddress(host);
  return port === undefined ? plain : `[${plain}]:${port}`;
}

/** Every user of this host knows another one by its public host keys, for good: who shows another key is refused. */
export function knows(name: string, ...keys: readonly [string, ...string[]]): Revertable<Os> {
  const pattern = checkedPattern(name);
  if (keys.length === 0) throw fail("config.bad-argument", `no host key of ${name}`);
  const lines = keys.map((key) => `${pattern} ${checkedKey(key)}`);
  const made = block(path, `slipway ${pattern.replace(/[[\]]/g, "")}`, lines.join("\n"));
  return revertable(made.describe(`ssh knows ${name}`), made.opposite);
}

/** Every user of this host knows all hosts of the platform whose host keys are known, by name, by address and by the names that they tell. */
export const knownHosts: Revertable<DebianLike> = revertable(
  derived("ssh knows the hosts of the platform", debianLike, ({ hosts }) =>
    block(path, blockName, hosts.flatMap(linesOf).join("\n")),
  ),
  block(path, blockName, "").opposite,
);

function linesOf(host: HostInfo): readonly string[] {
  const told = host.info.flatMap((info) => (info.kind === "name" && !info.name.includes("*") ? [info.name] : []));
  const names = [...new Set([host.name, ...(host.address === undefined ? [] : [host.address]), ...told])];
  const ports = host.info.flatMap((info) =>
    info.kind === "port" && info.owner === "sshd" && info.port !== 22 ? [info.port] : [],
  );
  const patterns = [...names, ...ports.flatMap((port) => names.map((name) => `[${name}]:${port}`))].join(",");
  return (host.hostKeys ?? []).map((key) => `${patterns} ${key.split(" ").slice(0, 2).join(" ")}`);
}
