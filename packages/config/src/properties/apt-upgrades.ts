import {
  type Command,
  type DebianLike,
  type Duration,
  debianLike,
  messageOf,
  ms,
  type Property,
  property,
} from "@slipway/model";
import { fail } from "../errors.ts";
import { listsAge, type Upgrade, upgrades } from "../facts/packages.ts";
import { calm, options, repaired, updated } from "./apt-commands.ts";

const spanSeconds = (span: Duration): number => {
  try {
    return ms(span) / 1_000;
  } catch (cause) {
    throw fail("config.bad-argument", messageOf(cause), { cause });
  }
};

/** The lists of packages were brought up to date within this span, by whatever property or by the machine itself. */
export function listsNotOlderThan(span: Duration): Property<DebianLike> {
  const limit = spanSeconds(span);
  if (limit < 60) throw fail("config.bad-argument", `lists of packages cannot be kept younger than a minute: ${span}`);
  return property(`lists of packages are not older than ${span}`, {
    on: debianLike,
    about: `apt-lists:${span}`,
    observe: listsAge,
    plan: (age) => (age !== undefined && age <= limit ? [] : [updated]),
    writes: ["apt-lists"],
  });
}

export interface UpgradeOptions {
  /** Upgrades of the distribution's security archive alone. Default: all. */
  readonly only?: "security";
  /** Packages may be removed where another one cannot be upgraded otherwise. Default false. */
  readonly mayRemove?: boolean;
  /** How old the lists may be that this is told from. Default a day. */
  readonly listsNotOlderThan?: Duration;
}

/**
 * No installed package can be upgraded, as far as the lists tell; held ones stay. Changed configuration files stay as they are on the host.
 * Services and kernels may need a restart afterwards: see `reboot.ifNeeded`. To tell, apt-get computes it at every look, which takes a
 * host about half a second.
 */
export function upgraded(how: UpgradeOptions = {}): Property<DebianLike> {
  const mayRemove = how.mayRemove ?? false;
  const wanted = (seen: readonly Upgrade[]) => seen.filter((one) => how.only === undefined || one.security);
  const title = `${how.only === undefined ? "all" : "security"} upgrades are installed`;
  return property(title, {
    on: debianLike,
    about: "upgrades",
    detail: [how.only, mayRemove],
    observe: upgrades(mayRemove),
    plan: (seen) => {
      const names = wanted(seen).map((one) => one.name);
      return names.length === 0
        ? []
        : [repaired, how.only === undefined ? everything(mayRemove) : just(names, mayRemove)];
    },
    diff: (seen) =>
      wanted(seen)
        .map((one) => `~ ${one.name} ${one.from} → ${one.to}`)
        .join("\n"),
  }).requires(listsNotOlderThan(how.listsNotOlderThan ?? "1d"));
}

const everything = (mayRemove: boolean): Command =>
  calm("apt-get", ...options, ...(mayRemove ? ["dist-upgrade"] : ["--with-new-pkgs", "upgrade"]));

const just = (names: readonly string[], mayRemove: boolean): Command =>
  calm("apt-get", ...options, ...(mayRemove ? [] : ["--no-remove"]), "install", "--only-upgrade", ...names);
