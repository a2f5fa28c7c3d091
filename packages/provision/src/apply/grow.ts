import { fail } from "../errors.ts";
import { sshAddress } from "../machines.ts";
import { type Ref, refOf, type WantedVolume } from "../resource.ts";
import type { Run } from "./run.ts";

/**
 * `$1` is the disk. Says "grown" when its file system became larger; how large it is stands in its first block, so that a machine needs the tools of a
 * file system only where there is something to do. A volume grows by whole gigabytes: less than half of one is what file systems leave over. The kernel
 * may learn of the disk a little later than the cloud says so. What changes the file system has a session and an output of its own: whoever gives up
 * this run ends its processes, and half of a growth would be the end of the file system.
 */
const script = `set -eu
n=0
until [ -b "$1" ]; do n=$((n + 1)); [ "$n" -lt 20 ] || { echo "there is no disk $1" >&2; exit 1; }; sleep 0.5; done
log=$(mktemp)
trap 'rm -f "$log"' EXIT
alone() { setsid -w "$@" >"$log" 2>&1 || { code=$?; cat "$log" >&2; return "$code"; }; }
disk=$(readlink -f "$1")
type=$(blkid -p -o value -s TYPE "$disk" || true)
mount=$(findmnt -n -f -o TARGET --source "$disk" || true)
case "$type" in
ext4)
  have=$(od -An -v -j 1024 -N 340 -t u4 --endian=little "$disk" |
    awk '{ for (i = 1; i <= NF; i++) w[n++] = $i } END { printf "%.0f", (w[84] * 4294967296 + w[1]) * 1024 * 2 ^ w[6] }')
  [ "$(($(blockdev --getsize64 "$disk") - have))" -ge 536870912 ] || exit 0
  [ -n "$mount" ] || alone e2fsck -fp "$disk" || [ $? -eq 1 ]
  alone resize2fs "$disk"
  echo grown ;;
xfs)
  have=$(od -An -j 4 -N 12 -t u4 --endian=big "$disk" | awk '{ printf "%.0f", $1 * ($2 * 4294967296 + $3) }')
  [ "$(($(blockdev --getsize64 "$disk") - have))" -ge 536870912 ] || exit 0
  [ -n "$mount" ] || { echo "xfs grows only where it is mounted" >&2; exit 1; }
  alone xfs_growfs "$mount"
  echo grown ;;
esac`;

/**
 * Makes the file system on a volume as large as the volume. What has none that was asked for, or is at no machine of the stack, stays as it is. May be
 * repeated: the cloud does not tell how large a file system is. Throws `volume.grow`.
 */
export async function grow(ref: Ref, { name, machine, filesystem }: WantedVolume, run: Run): Promise<void> {
  const volume = run.links.get(ref);
  if (filesystem === undefined || machine === undefined || volume?.kind !== "volume" || volume.device === undefined)
    return;
  const of = refOf({ kind: "machine", name: machine });
  // As this run knows it: its host key may have just been renewed, which lists tell later.
  const on = run.links.get(of);
  if (on?.kind !== "machine" || on.status !== "active" || on.address === "") return;
  await using connection = await run.connect(sshAddress(on));
  const { status, stdout, stderr } = await connection.exec(["sh", "-c", script, "sh", volume.device], {
    signal: run.signal,
  });
  const why = stderr.trim().split("\n").at(-1) ?? "";
  if (status !== 0) throw fail("volume.grow", `the file system of volume ${name} on ${machine} did not grow: ${why}`);
  if (stdout.includes("grown")) run.tell(ref, "grown");
}
