import { all, type Command, type DebianLike, debianLike, property, type Revertable, revertable } from "@slipway/model";
import { fail } from "../errors.ts";
import { packages } from "../facts/packages.ts";

const options = [
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

const calm = (...command: Command): Command => [
  "env",
  "DEBIAN_FRONTEND=noninteractive",
  "NEEDRESTART_SUSPEND=1",
  ...command,
];
const patient = (...command: Command): Command => calm("sh", "-c", waiting, "wait", ...command);

/** Finishes what an interrupted dpkg left; does nothing otherwise. */
export const repaired: Command = patient("dpkg", "--force-confdef", "--force-confold", "--configure", "-a");
/** Brings the lists of packages up to date. */
export const updated: Command = patient("apt-get", ...options, "update");
// apt dates its lists by the mirror's clock, so a stamp of our own tells their age.
const fresh = `t=/var/lib/slipway/apt-updated
if [ -n "$(find "$t" -mmin -1440 2>/dev/null)" ] && ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1; then exit 0; fi
"$@" && mkdir -p /var/lib/slipway && touch "$t"`;
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

function one(name: string): Revertable<DebianLike> {
  return property(`${name} is installed`, {
    on: debianLike,
    about: `package:${name}`,
    observe: packages(name),
    plan: (seen) => (seen.has(name) ? [] : install([name])),
    bulk: { kind: "apt", subjects: (seen) => (seen.has(name) ? [] : [name]), plan: install },
    revert: {
      title: `${name} is not installed`,
      plan: (seen) => (seen.has(name) ? [repaired, calm("apt-get", ...options, "remove", name)] : []),
    },
  });
}

/**
 * Debian packages are installed, without what they only recommend. Its opposite removes them and leaves their configuration files.
 */
export function installed(...names: readonly string[]): Revertable<DebianLike> {
  if (names.length === 0) throw fail("config.bad-argument", "apt.installed needs the name of a package");
  const members = [...new Set(names.map(checkedPackage))].sort().map(one);
  const [first] = members;
  if (first !== undefined && members.length === 1) return first;
  const list = members.map((member) => member.title.split(" ")[0]).join(", ");
  return revertable(
    all(`${list} are installed`, members),
    all(
      `${list} are not installed`,
      members.map((member) => member.opposite),
    ),
  );
}
