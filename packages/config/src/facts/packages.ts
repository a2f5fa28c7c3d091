import type { Reading } from "@slipway/model";

/** Versions of installed Debian packages by name; those that are not fully installed are left out. */
export const packages = (...names: readonly string[]): Reading<ReadonlyMap<string, string>> => ({
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query fills them in.
  read: ["dpkg-query", "-W", "-f", "${Package}\\t${db:Status-Status}\\t${Version}\\n"],
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

/** Installed Alpine packages among `names`. */
export const alpinePackages = (...names: readonly string[]): Reading<ReadonlySet<string>> => ({
  read: ["apk", "info", "-e"],
  of: names,
  reads: names.map((name) => `package:${name}`),
  parse: (stdout) => new Set(stdout.split("\n").filter((line) => names.includes(line))),
});
