import type { Command } from "@slipway/model";
import { fail } from "../errors.ts";

/** For every apt-get that changes something. */
export const options = [
  "-y",
  "-q",
  "-o",
  "DPkg::Lock::Timeout=600",
  "-o",
  "Dpkg::Options::=--force-confdef",
  "-o",
  "Dpkg::Options::=--force-confold",
  "-o",
  "APT::Update::Error-Mode=any",
] as const;

// dpkg and the lock of the lists do not wait by themselves, so the command is asked again while somebody else holds a lock.
const waiting = `n=0
while :; do
o=$("$@" 2>&1) && { printf '%s\\n' "$o"; exit 0; }
s=$?
case $o in
*"Could not get lock"*|*"lock was locked by another process"*|*"is another process using it"*) ;;
*) printf '%s\\n' "$o" >&2; exit "$s" ;;
esac
n=$((n+1))
[ "$n" -lt 600 ] || { printf '%s\\n' "$o" >&2; exit "$s"; }
sleep 1
done`;

/** Asks nobody anything and restarts no services of its own accord. */
export const calm = (...command: Command): Command => [
  "env",
  "DEBIAN_FRONTEND=noninteractive",
  "NEEDRESTART_SUSPEND=1",
  ...command,
];
const patient = (...command: Command): Command => calm("sh", "-c", waiting, "wait", ...command);

/** Finishes what an interrupted dpkg left; does nothing otherwise. */
export const repaired: Command = patient("dpkg", "--force-confdef", "--force-confold", "--configure", "-a");

/** Brings the lists of packages up to date. apt dates them by the mirror's clock, so a stamp of our own tells their age. */
export const updated: Command = calm(
  "sh",
  "-c",
  '"$@" && mkdir -p /var/lib/slipway && touch /var/lib/slipway/apt-updated',
  "update",
  ...patient("apt-get", ...options, "update"),
);
const fresh = `if [ -n "$(find /var/lib/slipway/apt-updated -mmin -1440 2>/dev/null)" ] && ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1; then exit 0; fi
"$@"`;
const updatedOncePerDay: Command = calm("sh", "-c", fresh, "fresh", ...updated);

// Lists of this morning may name versions that the mirror has replaced since: one update, then once more.
const twice = `"$@" || { apt-get -q -o DPkg::Lock::Timeout=600 update >/dev/null && "$@"; }`;

/** Commands that install packages, whatever state an interruption left. */
export const install = (names: readonly string[]): readonly Command[] => [
  repaired,
  updatedOncePerDay,
  calm("sh", "-c", twice, "install", "apt-get", ...options, "install", "--no-install-recommends", ...names),
];

/** Throws `config.bad-argument`. */
export function checkedPackage(name: string): string {
  if (!/^[a-z0-9][a-z0-9+.-]+$/.test(name))
    throw fail("config.bad-argument", `"${name}" is not the name of a Debian package`);
  return name;
}
