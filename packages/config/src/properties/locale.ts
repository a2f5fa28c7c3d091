import { type Change, type DebianLike, debianLike, type Property, property, together } from "@slipway/model";
import { fail } from "../errors.ts";
import { installed } from "./apt.ts";

/** `en_GB.UTF-8` as `locale -a` spells it: `en_GB.utf8`. */
const listed = (name: string): string => name.replace(/\.UTF-8$/, ".utf8");

/** The default locale of the system; it is generated when it is not there. */
export function is(name: `${string}.UTF-8`): Property<DebianLike> {
  if (!/^([a-z]{2,3}_[A-Z]{2}(@[a-z]+)?|C)\.UTF-8$/.test(name))
    throw fail("config.bad-argument", `"${name}" is not a locale`);
  const set = property(`locale is ${name}`, {
    on: debianLike,
    about: "locale",
    observe: together({
      available: { read: ["locale", "-a"], reads: ["locale"], parse: (stdout) => stdout.split("\n") },
      current: {
        read: ["cat", "/etc/default/locale"],
        reads: ["file:/etc/default/locale"],
        parse: (stdout) => /^LANG="?([^"\n]*)"?$/m.exec(stdout)?.[1],
      },
    }),
    plan: ({ available, current }) => {
      const changes: Change[] = [];
      if (!available.includes(listed(name))) {
        // The line is added or its # taken away; other locales stay.
        const edit = `f=/etc/locale.gen
grep -qxF "$1 UTF-8" "$f" 2>/dev/null || printf '%s UTF-8\\n' "$1" >>"$f"`;
        changes.push(["sh", "-c", edit, "sh", name], ["locale-gen"]);
      }
      if (current !== name) {
        changes.push({
          path: "/etc/default/locale",
          content: `LANG=${name}\n`,
          mode: "0644",
          owner: "root",
          group: "root",
        });
      }
      return changes;
    },
    writes: ["locale", "file:/etc/default/locale", "file:/etc/locale.gen"],
  });
  return name === "C.UTF-8" ? set : set.requires(installed("locales"));
}
