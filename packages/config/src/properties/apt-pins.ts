import type { DebianLike, Property, Revertable } from "@slipway/model";
import { revertable } from "@slipway/model";
import { fail } from "../errors.ts";
import { absent, content } from "./file.ts";

export interface PinOptions {
  /** Names of packages as apt matches them, `*` for anything. */
  readonly packages: readonly string[];
  /** Which versions: `"version 1.24.*"`, `"release n=bookworm-backports"`, `"origin download.docker.com"`. */
  readonly to: `version ${string}` | `release ${string}` | `origin ${string}`;
  /** 500 is usual; above 990 it wins over the release; above 1000 also when that means an older version; below 0 never. Default 1001. */
  readonly priority?: number;
}

/**
 * apt prefers these versions of packages. It says what is chosen when something is installed or upgraded, and changes nothing that is
 * installed. Throws `config.bad-argument`.
 */
export function pinned(name: string, pin: PinOptions): Revertable<DebianLike> {
  const { packages, to, priority = 1001 } = pin;
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name))
    throw fail("config.bad-argument", `"${name}" is not a name for a pin: letters, digits, - and _`);
  const bad = packages.find((one) => !/^[a-z0-9*?.+/:[\]-]+$/.test(one));
  if (packages.length === 0 || bad !== undefined)
    throw fail("config.bad-argument", `the pin ${name} is for no package: ${JSON.stringify(bad ?? "")}`);
  if (!/^(version|release|origin) [^\u0000-\u001f]+$/.test(to))
    throw fail("config.bad-argument", `the pin ${name} names no version, release or origin: ${JSON.stringify(to)}`);
  if (!Number.isInteger(priority) || priority === 0 || Math.abs(priority) > 32_767)
    throw fail("config.bad-argument", `the priority ${priority} of the pin ${name} is not a whole number, or is 0`);
  const path = `/etc/apt/preferences.d/${name}`;
  const text = `Package: ${packages.join(" ")}\nPin: ${to}\nPin-Priority: ${priority}\n`;
  const validate = [
    "apt-cache",
    "-o",
    "Dir::Etc::PreferencesParts=/dev/null",
    "-o",
    "Dir::Etc::Preferences={}",
    "policy",
  ] as const;
  const file: Property<DebianLike> = content(path, text, { validate }).describe(
    `${packages.join(", ")} are pinned to ${to}`,
  );
  return revertable(file, absent(path));
}
