import { property, type Revertable } from "@slipway/model";
import { fail } from "../errors.ts";
import { alpinePackages } from "../facts/packages.ts";

/** Alpine packages are installed. */
export function installed(...names: readonly string[]): Revertable<"alpine"> {
  if (names.length === 0) throw fail("config.bad-argument", "apk.installed needs the name of a package");
  const sorted = [...new Set(names)].sort();
  const verb = sorted.length === 1 ? "is" : "are";
  return property(`${sorted.join(", ")} ${verb} installed`, {
    on: ["alpine"],
    about: `packages ${sorted.join(" ")}`,
    observe: alpinePackages(...sorted),
    plan: (seen) => {
      const missing = sorted.filter((name) => !seen.has(name));
      return missing.length === 0 ? [] : [["apk", "add", "--update-cache", "--wait", "600", ...missing]];
    },
    revert: {
      title: `${sorted.join(", ")} ${verb} not installed`,
      plan: (seen) => (seen.size === 0 ? [] : [["apk", "del", "--wait", "600", ...seen]]),
    },
  });
}
