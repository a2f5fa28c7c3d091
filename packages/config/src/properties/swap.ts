import {
  type Change,
  type Command,
  type DebianLike,
  debianLike,
  property,
  type Reading,
  type Revertable,
  together,
} from "@slipway/model";
import { fail } from "../errors.ts";
import { swaps } from "../facts/mounts.ts";
import { plainPath } from "./file-ownership.ts";
import { type Entry, fstab, hasEntry, withEntry, withoutEntry } from "./fstab.ts";

export interface SwapOptions {
  /** Default `/swapfile`. The file system below must be able to swap: not an overlay, not btrfs without more ado. */
  readonly path?: string;
}

/** Size of a file in bytes and its mode; undefined when there is none. */
const look = (path: string): Reading<{ readonly bytes: number; readonly mode: string } | undefined> => ({
  read: ["stat", "-c", "%s\t%a\t%n", "--"],
  of: [path],
  reads: [`file:${path}`],
  parse: (stdout) => {
    const line = stdout.split("\n").find((one) => one.endsWith(`\t${path}`));
    const [bytes, mode = ""] = line?.split("\t") ?? [];
    return bytes === undefined ? undefined : { bytes: Number(bytes), mode };
  },
});

// It gets its name when it is whole, so that a file of the wanted size is always one that can be swapped to.
const make = `umask 077
rm -f -- "$1.slipway"
{ fallocate -l "$2M" -- "$1.slipway" 2>/dev/null || dd if=/dev/zero of="$1.slipway" bs=1M count="$2" status=none; } &&
mkswap -- "$1.slipway" && sync "$1.slipway" && mv -fT -- "$1.slipway" "$1" && exit
s=$?
rm -f -- "$1.slipway"
exit "$s"`;

// Does nothing where nothing is swapped to it.
const off = (path: string): Command => [
  "sh",
  "-c",
  'while read -r p _; do [ "$p" != "$1" ] || { swapoff -- "$1"; exit; }; done </proc/swaps',
  "swapoff",
  path,
];

/**
 * This much memory can be swapped to a file, now and after a reboot: the file, its line in /etc/fstab, and the kernel. A file of another size
 * is made anew, and not swapped to meanwhile. Its opposite takes all three away, which needs the memory to be free. Where the kernel
 * lets nobody swap, as in most containers, it fails. Throws `config.bad-argument`.
 */
export function file(amount: `${number}${"M" | "G"}`, options: SwapOptions = {}): Revertable<DebianLike> {
  const match = /^([1-9]\d*)([MG])$/.exec(amount);
  if (match === null) throw fail("config.bad-argument", `"${amount}" is no size of a swap file, such as 512M or 2G`);
  const megabytes = Number(match[1]) * (match[2] === "G" ? 1_024 : 1);
  const path = plainPath(options.path ?? "/swapfile");
  if (/[\s#]/.test(path)) throw fail("config.bad-argument", `${path} cannot stand in /etc/fstab`);
  const entry: Entry = { source: path, point: "none", type: "swap", options: "sw" };
  return property(`${amount} can be swapped to ${path}`, {
    on: debianLike,
    about: `swap:${path}`,
    detail: megabytes,
    observe: together({ there: look(path), active: swaps, table: fstab }),
    plan: ({ there, active, table }) => {
      const isOn = active.has(path);
      const made = there?.bytes === megabytes * 1_048_576;
      const changes: Change[] = [];
      if (!made && isOn) changes.push(off(path));
      if (!made) changes.push(["sh", "-c", make, "make", path, String(megabytes)]);
      else if (there.mode !== "600") changes.push(["chmod", "0600", "--", path]);
      if (!hasEntry(table, entry)) changes.push(withEntry(table, entry), ["systemctl", "daemon-reload"]);
      if (!made || !isOn) changes.push(["swapon", "--", path]);
      return changes;
    },
    writes: [`swap:${path}`, `file:${path}`, "file:/etc/fstab"],
    revert: {
      title: `nothing is swapped to ${path}`,
      plan: ({ there, active, table }) => {
        const lines = withoutEntry(table, entry);
        return [
          ...(active.has(path) ? [off(path)] : []),
          ...lines,
          ...(lines.length === 0 ? [] : [["systemctl", "daemon-reload"] as const]),
          ...(there === undefined ? [] : [["rm", "-f", "--", path] as const]),
        ];
      },
    },
  });
}
