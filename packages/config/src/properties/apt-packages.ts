import {
  all,
  type Command,
  type DebianLike,
  debianLike,
  type Property,
  property,
  type Revertable,
  revertable,
} from "@slipway/model";
import { fail } from "../errors.ts";
import { held as heldFact, packageStates, packages, unneeded } from "../facts/packages.ts";
import { calm, checkedPackage, install, options, repaired } from "./apt-commands.ts";

function one(name: string): Revertable<DebianLike> {
  return property(`${name} is installed`, {
    on: debianLike,
    about: `package:${name}`,
    observe: packages(name),
    plan: (seen) => (seen.has(name) ? [] : install([name])),
    bulk: { kind: "apt", subjects: (seen) => (seen.has(name) ? [] : [name]), plan: install },
    revert: {
      title: `${name} is not installed`,
      plan: (seen) => (seen.has(name) ? remove("remove", [name]) : []),
    },
  });
}

const remove = (how: "remove" | "purge", names: readonly string[]): readonly Command[] => [
  repaired,
  calm("apt-get", ...options, how, ...names),
];

const listed = (what: string, names: readonly string[]): readonly string[] => {
  if (names.length === 0) throw fail("config.bad-argument", `${what} needs the name of a package`);
  return [...new Set(names.map(checkedPackage))].sort();
};

/** One property for one name, a bundle for more. */
function each(members: readonly Property<DebianLike>[], title: (names: string) => string): Property<DebianLike> {
  const [first] = members;
  return first !== undefined && members.length === 1
    ? first
    : all(title(members.map((member) => member.title.split(" ")[0]).join(", ")), members);
}

/**
 * Debian packages are installed, without what they only recommend. Its opposite removes them and leaves their configuration files.
 */
export function installed(...names: readonly string[]): Revertable<DebianLike> {
  const members = listed("apt.installed", names).map(one);
  return revertable(
    each(members, (list) => `${list} are installed`),
    each(
      members.map((member) => member.opposite),
      (list) => `${list} are not installed`,
    ),
  );
}

/** Debian packages are not installed. Their configuration files stay. */
export function removed(...names: readonly string[]): Property<DebianLike> {
  const members = listed("apt.removed", names).map((name) =>
    property(`${name} is removed`, {
      on: debianLike,
      about: `package:${name}`,
      observe: packages(name),
      plan: (seen) => (seen.has(name) ? remove("remove", [name]) : []),
    }),
  );
  return each(members, (list) => `${list} are removed`);
}

/** Debian packages are not installed, and the configuration files that they brought are gone. */
export function purged(...names: readonly string[]): Property<DebianLike> {
  const members = listed("apt.purged", names).map((name) =>
    property(`${name} is purged`, {
      on: debianLike,
      about: `package:${name}`,
      observe: packageStates(name),
      plan: (seen) => ((seen.get(name) ?? "not-installed") === "not-installed" ? [] : remove("purge", [name])),
    }),
  );
  return each(members, (list) => `${list} are purged`);
}

/** No package is left that was installed only because another one needed it. What it removes may be anything that nobody asked for by name. */
export const autoremoved: Property<DebianLike> = property("no unneeded packages are left", {
  on: debianLike,
  observe: unneeded,
  plan: (seen) => (seen.length === 0 ? [] : [repaired, calm("apt-get", ...options, "autoremove")]),
  diff: (seen) => seen.map((name) => `- ${name}`).join("\n"),
});

/** Debian packages stay at the version they have, whatever is upgraded, until its opposite lets them go. */
export function held(...names: readonly string[]): Revertable<DebianLike> {
  const members = listed("apt.held", names).map((name) =>
    property(`${name} is held`, {
      on: debianLike,
      about: `hold:${name}`,
      observe: heldFact,
      plan: (seen) => (seen.has(name) ? [] : [["apt-mark", "hold", name]]),
      writes: [`hold:${name}`],
      revert: {
        title: `${name} is not held`,
        plan: (seen) => (seen.has(name) ? [["apt-mark", "unhold", name]] : []),
      },
    }),
  );
  return revertable(
    each(members, (list) => `${list} are held`),
    each(
      members.map((member) => member.opposite),
      (list) => `${list} are not held`,
    ),
  );
}
