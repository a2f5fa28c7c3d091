import { all, type DebianLike, giving, type Property, type Revertable, revertable } from "@slipway/model";
import { fail } from "../errors.ts";
import * as apt from "./apt.ts";
import { absent, content } from "./file.ts";
import { reloaded, running } from "./systemd.ts";

const sites = "/etc/nginx/sites-enabled";

/** nginx serves, now and after a reboot, without the distribution's default site. */
export const installed: Property<DebianLike, "nginx"> = giving(
  all("nginx is installed", [
    apt.installed("nginx"),
    absent(`${sites}/default`).requires(apt.installed("nginx")).onChange(reloaded("nginx")),
    running("nginx").requires(apt.installed("nginx")),
  ]),
  "nginx",
);

// A site is tried in a copy of the whole configuration, beside the real one so that relative includes still work.
const tried = `set -e
d=$(mktemp -d) c=/etc/nginx/.slipway-$$.conf
trap 'rm -rf "$d" "$c"' EXIT
for f in ${sites}/*; do [ ! -e "$f" ] || cp -L -- "$f" "$d/"; done
cp -- "$1" "$d/$2"
sed "s#${sites}/#$d/#" /etc/nginx/nginx.conf >"$c"
nginx -t -q -c "$c"`;

/** A site of nginx with this text. It is tried with the rest of the configuration before it is installed; then nginx reloads. */
export function site(name: string, text: string): Revertable<DebianLike, "nginx"> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name))
    throw fail("config.bad-argument", `"${name}" is not the name of a site`);
  const path = `${sites}/${name}`;
  const present = content(path, text, { validate: ["sh", "-c", tried, "sh", "{}", name] }).onChange(reloaded("nginx"));
  return revertable(
    present.requires(installed).describe(`nginx serves ${name}`),
    absent(path).onChange(reloaded("nginx")).describe(`nginx does not serve ${name}`).when(onlyWithNginx),
  );
}

const onlyWithNginx = {
  title: "nginx is installed",
  observe: {
    read: ["sh", "-c", "command -v nginx", "nginx"],
    reads: ["package:nginx"],
    parse: (stdout: string) => stdout.trim() !== "",
  },
  holds: (seen: boolean) => seen,
} as const;
