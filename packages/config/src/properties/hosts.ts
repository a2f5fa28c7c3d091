import {
  type DebianLike,
  debianLike,
  derived,
  type HostInfo,
  type Os,
  type Revertable,
  revertable,
} from "@slipway/model";
import { checkedAddress, checkedName } from "../text/names.ts";
import { block } from "./file.ts";

const path = "/etc/hosts";
const platform = "slipway platform";

/** This host finds these names at these addresses, without asking a name server: a block in /etc/hosts, once a host. */
export function knows(names: Readonly<Record<string, string>>): Revertable<Os> {
  const lines = Object.entries(names).map(([name, address]) => `${checkedAddress(address)}\t${checkedName(name)}`);
  const made = block(path, "slipway names", lines.join("\n"));
  return revertable(made.describe(`${Object.keys(names).join(", ")} are known`), made.opposite);
}

/** This host finds the hosts of the platform whose addresses are known, by name and by the names that they tell. */
export const knowsPlatform: Revertable<DebianLike> = revertable(
  derived("the hosts of the platform are known by name", debianLike, ({ self, hosts }) =>
    block(path, platform, hosts.flatMap((host) => lineOf(host, host.name === self.name)).join("\n")),
  ),
  block(path, platform, "").opposite,
);

// Its own name leads to 127.0.1.1; names that it serves lead to where others find them too.
function lineOf(host: HostInfo, itself: boolean): readonly string[] {
  const told = host.info.flatMap((info) => (info.kind === "name" && !info.name.includes("*") ? [info.name] : []));
  const names = [...new Set([host.name, ...told])].filter((name) => !itself || name !== host.name);
  return host.address === undefined || names.length === 0 ? [] : [`${host.address}\t${names.join(" ")}`];
}
