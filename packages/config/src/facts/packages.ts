import type { Command, Reading } from "@slipway/model";

// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query fills them in.
const query: Command = ["dpkg-query", "-W", "-f", "${Package}\\t${db:Status-Status}\\t${Version}\\n"];

/** Versions of installed Debian packages by name; those that are not fully installed are left out. */
export const packages = (...names: readonly string[]): Reading<ReadonlyMap<string, string>> => ({
  read: query,
  of: names,
  reads: names.map((name) => `package:${name}`),
  parse: (stdout) => {
    const wanted = new Set(names);
    const found = new Map<string, string>();
    for (const line of stdout.split("\n")) {
      const [name = "", status, version = ""] = line.split("\t");
      if (status === "installed" && wanted.has(name)) found.set(name, version);
    }
    return found;
  },
});

/** In which state dpkg has Debian packages: `installed`, `config-files` when only those are left, … It may not know some at all. */
export const packageStates = (...names: readonly string[]): Reading<ReadonlyMap<string, string>> => ({
  read: query,
  of: names,
  reads: names.map((name) => `package:${name}`),
  parse: (stdout) =>
    new Map(stdout.split("\n").map((line) => [line.split("\t")[0] ?? "", line.split("\t")[1] ?? ""] as const)),
});

/** Debian packages that stay at their version. */
export const held: Reading<ReadonlySet<string>> = {
  read: ["apt-mark", "showhold"],
  reads: ["hold:*"],
  parse: (stdout) => new Set(stdout.split("\n").map((name) => name.replace(/:.*/, ""))),
};

/** A package that a newer version is known of. */
export interface Upgrade {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** It comes from a distribution's security updates. */
  readonly security: boolean;
}

/** What apt-get would upgrade, as its lists are. With `mayRemove` also what takes the removal of others. */
export const upgrades = (mayRemove: boolean): Reading<readonly Upgrade[]> => ({
  read: [
    "apt-get",
    "-s",
    "-q",
    "-o",
    "Debug::NoLocking=1",
    ...(mayRemove ? ["dist-upgrade"] : ["--with-new-pkgs", "upgrade"]),
  ],
  reads: ["package:*", "hold:*", "apt-lists", "file:/etc/apt/*"],
  parse: (stdout, status) => {
    if (status !== 0) throw new Error("apt-get cannot tell; its dependencies may be broken");
    return [...stdout.matchAll(/^Inst (\S+) \[([^\]]+)\] \((\S+) ([^)]*)\)/gm)].map(
      ([, name = "", from = "", to = "", origin = ""]) => ({ name, from, to, security: /security/i.test(origin) }),
    );
  },
});

/** Packages that nothing needs any more. */
export const unneeded: Reading<readonly string[]> = {
  read: ["apt-get", "-s", "-q", "-o", "Debug::NoLocking=1", "autoremove"],
  reads: ["package:*"],
  parse: (stdout, status) => {
    if (status !== 0) throw new Error("apt-get cannot tell; its dependencies may be broken");
    return [...stdout.matchAll(/^Remv (\S+)/gm)].map(([, name = ""]) => name);
  },
};

/** Seconds since the lists of packages were brought up to date; undefined when there are none. */
export const listsAge: Reading<number | undefined> = {
  read: [
    "sh",
    "-c",
    `set -- /var/lib/apt/lists/*Packages*
[ -e "$1" ] || exit 0
date +%s
stat -c %Y /var/lib/slipway/apt-updated /var/lib/apt/periodic/update-success-stamp`,
    "apt-lists",
  ],
  reads: ["apt-lists"],
  parse: (stdout) => {
    const [now, ...stamps] = stdout.trim().split("\n").map(Number);
    return now === undefined || stamps.length === 0 ? undefined : now - Math.max(...stamps);
  },
};

/** Installed Alpine packages among `names`. */
export const alpinePackages = (...names: readonly string[]): Reading<ReadonlySet<string>> => ({
  read: ["apk", "info", "-e"],
  of: names,
  reads: names.map((name) => `package:${name}`),
  parse: (stdout) => new Set(stdout.split("\n").filter((line) => names.includes(line))),
});
