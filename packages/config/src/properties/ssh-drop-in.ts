import {
  all,
  type Command,
  type DebianLike,
  debianLike,
  type Guard,
  guarded,
  type Property,
  property,
  type Revertable,
  revertable,
  together,
} from "@slipway/model";
import { unit } from "../facts/units.ts";
import { absent, content } from "./file.ts";
import { type Setting, type SshdSettings, saidOf, settingsOf } from "./ssh-settings.ts";

// Tried before the configuration there is, where it will stand.
const tried = `set -e
c=$(mktemp)
trap 'rm -f "$c"' EXIT
cat -- "$1" /etc/ssh/sshd_config >"$c"
mkdir -p /run/sshd
sshd -t -f "$c"`;

// On Ubuntu systemd holds sshd's sockets. It takes their addresses from sshd's configuration when it reads its units, and sshd the rest when
// it starts, so both are started anew; running sessions stay. A socket that could not be opened is failed, and has taken sshd with it.
// A few restarts in a row are no fault, but the last of them would be refused. With Accept=yes there is a sshd for each login instead.
const bySocket = `case $(systemctl show -P ActiveState ssh.socket) in
active) s=1 ;;
failed) systemctl -q is-active ssh.service && s= || s=1 ;;
*) s= ;;
esac
if [ -n "$s" ]; then
systemctl daemon-reload || exit
systemctl reset-failed ssh.socket ssh.service
systemctl restart ssh.socket || exit
[ "$(systemctl show -P Accept ssh.socket)" = yes ] || systemctl restart ssh.service
exit
fi`;

/** How what locks everybody out of sshd is taken back. */
export const sshdGuard = (...files: readonly string[]): Guard => ({
  title: `sshd with ${files.join(", ")}`,
  files,
  settle: [["sh", "-c", `${bySocket}\nsystemctl reload-or-restart ssh.service`, "sshd"]],
});

// systemd calls it reloaded once the signal is sent, when the old configuration still answers: a login then would prove nothing. sshd
// has taken the new one when it listens on sockets that it opened since.
const taken = `${bySocket}
l() {
p=$(systemctl show -P MainPID ssh.service)
for f in /proc/"$p"/fd/*; do readlink "$f"; done 2>/dev/null | sed -n 's/^socket:\\[\\(.*\\)]$/\\1/p' |
while read -r i; do awk -v i="$i" '$4 == "0A" && $10 == i { print i }' /proc/net/tcp /proc/net/tcp6; done 2>/dev/null | sort
}
b=$(l)
systemctl try-reload-or-restart ssh.service || exit
n=0
while a=$(l); [ -z "$a" ] || [ "$a" = "$b" ]; do
n=$((n+1))
[ "$n" -lt 100 ] || { echo "sshd has not taken its new configuration within 10 seconds" >&2; exit 1; }
sleep 0.1
done`;

/** An action, for `onChange`: sshd serves new logins by its new configuration; running sessions stay. */
export const sshdReloaded: Property<DebianLike> = property("sshd has taken its configuration", {
  on: debianLike,
  observe: together({ service: unit("ssh.service"), socket: unit("ssh.socket") }),
  plan: ({ service, socket }) =>
    service.active === "active" || service.active === "reloading" || socket.active === "active"
      ? [["sh", "-c", taken, "sshd"]]
      : [],
  writes: ["unit:ssh.service", "unit:ssh.socket"],
  action: true,
});

const unseen = (missing: string): readonly Command[] => [
  ["sh", "-c", 'echo "sshd -T does not say: $1; is sshd_config.d included?" >&2; exit 1', "sh", missing],
];

/** sshd itself says what is in force, whatever other files hold. */
function inForce({ keyword, inForce: lines }: Setting): Property<DebianLike> {
  const wanted = lines.map((line) => line.replaceAll("prohibit-password", "without-password").toLowerCase());
  return property(`sshd says ${lines.join(", ")}`, {
    on: debianLike,
    about: `sshd:${keyword}`,
    detail: wanted,
    observe: {
      read: ["sshd", "-T"],
      reads: ["file:/etc/ssh/sshd_config*"],
      parse: (stdout) => saidOf(keyword, stdout).map((line) => line.toLowerCase()),
    },
    plan: (said) => {
      const same = said.length === wanted.length && wanted.every((line) => said.includes(line));
      return same ? [] : unseen(lines.join(", "));
    },
    writes: [],
  });
}

/**
 * One drop-in. They are read before the rest of the configuration, and sshd keeps the first value that it reads, so nothing that comes later
 * weakens one.
 */
export function dropIn(name: string, title: string, settings: SshdSettings): Revertable<DebianLike> {
  const path = `/etc/ssh/sshd_config.d/00-slipway-${name}.conf`;
  const list = settingsOf(settings);
  const text = list.flatMap((one) => one.lines).map((line) => `${line}\n`);
  const guard = sshdGuard(path);
  const file = content(path, text.join(""), { validate: ["sh", "-c", tried, "sh", "{}"] });
  const made = guarded(file.onChange(sshdReloaded), guard);
  return revertable(
    all(
      title,
      list.map((one) => inForce(one).requires(made)),
    ),
    guarded(absent(path).onChange(sshdReloaded), guard).describe(`not: ${title}`),
  );
}
