import {
  type DebianLike,
  debianLike,
  everyOs,
  type Fact,
  type Os,
  type Property,
  perOs,
  property,
  together,
} from "@slipway/model";
import { fail } from "../errors.ts";
import * as apk from "./apk.ts";
import * as apt from "./apt.ts";

const link: Fact<string> = {
  read: ["readlink", "/etc/localtime"],
  reads: ["file:/etc/localtime"],
  parse: (stdout) => stdout.trim().replace(/^(\.\.|)\/usr\/share\/zoneinfo\//, ""),
};
const name: Fact<string> = {
  read: ["cat", "/etc/timezone"],
  reads: ["file:/etc/timezone"],
  parse: (stdout) => stdout.trim(),
};

/** The system shows local time of a zone, a name from /usr/share/zoneinfo. */
export function is(zone: `${string}/${string}` | "UTC"): Property<Os> {
  if (!/^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/.test(zone))
    throw fail("config.bad-argument", `"${zone}" is not a time zone`);
  const path = `/usr/share/zoneinfo/${zone}`;
  const set = property(`timezone is ${zone}`, {
    on: everyOs,
    about: "timezone",
    observe: together({ link, name }),
    plan: (seen) =>
      seen.link === zone && seen.name === zone
        ? []
        : [
            ["test", "-f", path],
            ["ln", "-sfn", path, "/etc/localtime.slipway"],
            ["mv", "-fT", "/etc/localtime.slipway", "/etc/localtime"],
            { path: "/etc/timezone", content: `${zone}\n`, mode: "0644", owner: "root", group: "root" },
          ],
    writes: ["file:/etc/localtime", "file:/etc/timezone"],
  });
  const debian = known(path).requires(apt.installed("tzdata"));
  const data = perOs("time zones are known", { debian, ubuntu: debian, alpine: apk.installed("tzdata") });
  return set.requires(data);
}

const more = 'apt-cache show tzdata-legacy >/dev/null 2>&1 || { echo "there is no time zone $1" >&2; exit 1; }';

/** From Debian 13 and Ubuntu 24.04 on, old names such as US/Eastern are a package of their own. */
const known = (path: string): Property<DebianLike> =>
  property(`${path} is there`, {
    on: debianLike,
    observe: {
      read: ["ls", "-d", "--", "/usr/share/zoneinfo"],
      of: [path],
      reads: ["package:tzdata", "package:tzdata-legacy"],
      parse: (stdout) => stdout.split("\n").includes(path),
    },
    plan: (there) => {
      const install = apt.install(["tzdata-legacy"]);
      return there ? [] : [...install.slice(0, -1), ["sh", "-c", more, "sh", path], ...install.slice(-1)];
    },
    writes: ["package:tzdata-legacy"],
  });
