/** What belongs to a droplet from outside: disks of volumes, and reserved addresses. */
export interface Attached {
  readonly volumes: readonly { readonly id: string; readonly name: string; readonly filesystem: string }[];
  readonly addresses: readonly string[];
}

/** One line each, as {@link attachedScript} reads them at every boot. */
export const attachedList = ({ volumes, addresses }: Attached): string =>
  [
    ...volumes.map(({ id, name, filesystem }) => `volume ${id} ${name} ${filesystem === "" ? "-" : filesystem}\n`),
    ...addresses.map((address) => `address ${address}\n`),
  ].join("");

export const attachedPaths = { list: "/var/lib/slipway/attached", script: "/usr/lib/slipway/attached" } as const;

/**
 * Runs in a host: at boot before systemd, and when the list has changed. Volumes get the name that a machine has for them; those that were
 * formatted when they were made are mounted where a machine mounts them.
 */
export const attachedScript = `#!/bin/sh
list=${attachedPaths.list}
links=/dev/disk/by-id/scsi-0DO_Volume_
mkdir -p /dev/disk/by-id /var/lib/slipway
[ -e "$list" ] || : > "$list"

leave() { # <link>: as when a disk is pulled out, nothing is written to it any more
  device=$(readlink -f "$1")
  while point=$(awk -v d="$device" '$1 == d { print $2; exit }' /proc/self/mounts) && [ -n "$point" ]; do
    point=$(printf %b "$point")
    umount "$point" 2>/dev/null || umount -l "$point" || break
  done
  # Open files and containers may still hold the filesystem; mounted once more it can be told to shut down.
  if [ -b "$device" ] && ! perl -e 'sysopen(my $f, $ARGV[0], 128) or exit 1' "$device"; then
    mkdir -p /run/slipway-leave
    mount "$device" /run/slipway-leave &&
      perl -e 'open my $f, "<", $ARGV[0] or exit; ioctl($f, 0x8004587d, pack("L", 0))' /run/slipway-leave
    umount -l /run/slipway-leave
  fi
  rm -f "$1" "$device"
}
take() { # <id> <name> <filesystem>
  link=$links$2
  for backing in /sys/block/loop*/loop/backing_file; do
    case "$(cat "$backing" 2>/dev/null)" in */"$1.img") ;; *) continue ;; esac
    # One on its way out, which something still holds.
    [ "$(cat "\${backing%/*}/autoclear")" = 0 ] || continue
    loop=\${backing#/sys/block/}
    loop=\${loop%%/*}
    if [ -b "$link" ] && [ "$(readlink "$link")" = "../../$loop" ]; then return; fi
    [ -b "/dev/$loop" ] || mknod -m 660 "/dev/$loop" b $(tr : ' ' < "/sys/block/$loop/dev")
    ln -sfn "../../$loop" "$link"
    # systemd leaves devices in fstab alone in a container.
    if grep -q "^$link[[:space:]]" /etc/fstab 2>/dev/null; then mount "$link"
    elif [ "$3" != - ]; then
      point=/mnt/$(printf %s "$2" | tr - _)
      mkdir -p "$point"
      mount -t "$3" -o noatime "$link" "$point"
    fi
    return
  done
}
answer() { # <address>: others may remember it at another machine
  case "$1" in
    *:*)
      echo 0 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6
      ip address show dev eth0 | grep -qF " $1/64 " || ip address add "$1/64" dev eth0 nodad
      ;;
    *)
      ip address show dev eth0 | grep -qF " $1/32 " || ip address add "$1/32" dev eth0 label eth0:reserved
      perl -MSocket -e '
        sub line { open my $f, "<", "/sys/class/net/eth0/$_[0]" or exit; my $l = <$f>; chomp $l; $l }
        my ($mac, $ip, $all) = (pack("H12", line("address") =~ tr/://dr), inet_aton($ARGV[0]), "\\xff" x 6);
        socket(my $socket, 17, SOCK_RAW, unpack("S", pack("n", 0x0806))) or exit;
        my $frame = $all . $mac . pack("n n n C C n", 0x0806, 1, 0x0800, 6, 4, 1) . $mac . $ip . "\\0" x 6 . $ip;
        send($socket, $frame, 0, pack("S n i S C C a8", 17, 0x0806, line("ifindex"), 0, 0, 6, $all));
      ' "$1"
      ;;
  esac
}

for link in "$links"*; do
  [ -L "$link" ] || continue
  grep -q "^volume [^ ]* \${link#"$links"} " "$list" || leave "$link"
done
ip -o address show dev eth0 2>/dev/null | awk '/reserved| inet6 fd/ { print $4 }' | while read -r address; do
  grep -qxF "address \${address%/*}" "$list" || ip address delete "$address" dev eth0
done
while read -r kind what name filesystem; do
  case "$kind" in
    volume) take "$what" "$name" "$filesystem" ;;
    address) answer "$what" ;;
  esac
done < "$list"
`;
