import { attachedPaths, attachedScript } from "./attached-files.ts";
import type { TarFile } from "./tar.ts";

/**
 * What runs as PID 1 before systemd, at every boot. Docker binds its own files over /etc/hostname, /etc/hosts and /etc/resolv.conf and gives
 * the control groups read-only; a machine owns them all.
 */
const boot = `#!/bin/sh
# An order to halt that comes before systemd can take it; without this it would be lost, as PID 1 ignores what it does not handle.
trap 'exit 0' 37
mkdir -p /var/lib/slipway
# A disk that was another machine's begins as a new one.
if [ -e /var/lib/slipway/anew ]; then
  rm -f /etc/ssh/ssh_host_*_key* /var/lib/cloud/instance/boot-finished /var/lib/cloud/instance/failed /var/lib/slipway/booted
  rm -f /var/lib/dbus/machine-id
  : > /etc/machine-id
  rm -f /var/lib/slipway/anew
fi
# What a snapshot holds of the volume that nested containers live on.
if [ -e /var/lib/slipway/docker.tar ]; then
  tar --xattrs --xattrs-include='*' -xpf /var/lib/slipway/docker.tar -C /var/lib/docker
  rm -f /var/lib/slipway/docker.tar
fi
for file in hostname hosts resolv.conf; do
  if grep -q " /etc/$file " /proc/self/mountinfo; then
    cp "/etc/$file" "/run/given.$file"
    umount "/etc/$file"
    [ -e /var/lib/slipway/booted ] || cat "/run/given.$file" > "/etc/$file"
  fi
done
# The engine's own resolver (127.0.0.11) is out of reach of containers on this host, so the real name servers are named.
if [ -n "$SLIPWAY_NAMESERVERS" ]; then
  # The cloud's own answers for its zones; the others are asked when it is not there.
  { echo "# written by the cloud at boot"; for server in $SLIPWAY_GATEWAY $SLIPWAY_NAMESERVERS; do echo "nameserver $server"; done
    [ -z "$SLIPWAY_GATEWAY" ] || echo "options timeout:1"; } > /etc/resolv.conf
fi
[ -z "$SLIPWAY_GATEWAY" ] || ip route replace 169.254.169.254 via "$SLIPWAY_GATEWAY"
: > /var/lib/slipway/booted
mount -o remount,bind,rw /sys/fs/cgroup
while read -r _ _ _ _ point _; do
  case "$point" in /sys/fs/cgroup/*) mount -o remount,bind,rw "$point" ;; esac
done < /proc/self/mountinfo
unset SLIPWAY_NAMESERVERS SLIPWAY_GATEWAY
# As systemd does by itself on a machine: what is unmounted is so for every service.
mount --make-rshared /
/usr/lib/slipway/attached
exec /lib/systemd/systemd
`;

/** cloud-init's two stages that matter here, from scripts that the cloud derived from the user data. */
const firstBoot = `#!/bin/sh
stage=$1
data=/var/lib/cloud/instance
mkdir -p "$data"
case "$stage" in
  init)
    [ ! -f "$data/init.sh" ] || sh -e "$data/init.sh" || echo init >> "$data/failed"
    ls /etc/ssh/ssh_host_*_key >/dev/null 2>&1 || ssh-keygen -A
    ;;
  final)
    [ ! -f "$data/final.sh" ] || sh "$data/final.sh" >> /var/log/cloud-init-output.log 2>&1 || echo final >> "$data/failed"
    rm -f "$data/init.sh" "$data/final.sh"
    : > "$data/boot-finished"
    ;;
esac
`;

const cloudInit = `#!/bin/sh
# The part of cloud-init's command line that waits for it.
data=/var/lib/cloud/instance
[ "$1" = status ] || { echo "usage: cloud-init status [--wait]" >&2; exit 2; }
[ "$2" != --wait ] || until [ -e "$data/boot-finished" ]; do sleep 0.2; done
if [ ! -e "$data/boot-finished" ]; then echo "status: running"
elif [ -s "$data/failed" ]; then echo "status: error"; exit 1
else echo "status: done"
fi
`;

const unit = (lines: readonly string[]): string => `${lines.join("\n")}\n`;

/** Container addresses may have a smaller MTU than what containers inside assume; without this, big answers never reach them. */
const clamp = `table inet slipway-cloud
delete table inet slipway-cloud
table inet slipway-cloud {
  chain forward {
    type filter hook forward priority mangle
    tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu
  }
}
`;

/** The files that make a Debian root a host of the local cloud. */
export const hostFiles: readonly TarFile[] = [
  { path: "/usr/lib/slipway/boot", content: boot, mode: 0o755 },
  { path: "/usr/lib/slipway/first-boot", content: firstBoot, mode: 0o755 },
  { path: attachedPaths.script, content: attachedScript, mode: 0o755 },
  { path: "/usr/bin/cloud-init", content: cloudInit, mode: 0o755 },
  { path: "/usr/lib/slipway/clamp.nft", content: clamp },
  {
    path: "/usr/lib/systemd/system/cloud-init.service",
    content: unit([
      "[Unit]",
      "Description=First boot: host keys, users, files",
      "ConditionPathExists=!/var/lib/cloud/instance/boot-finished",
      "Before=ssh.service",
      "[Service]",
      "Type=oneshot",
      "ExecStart=/usr/lib/slipway/first-boot init",
      "RemainAfterExit=yes",
      "[Install]",
      "WantedBy=multi-user.target",
    ]),
  },
  {
    path: "/usr/lib/systemd/system/cloud-final.service",
    content: unit([
      "[Unit]",
      "Description=First boot: commands of the user data",
      "ConditionPathExists=!/var/lib/cloud/instance/boot-finished",
      "After=cloud-init.service ssh.service network-online.target",
      "[Service]",
      "Type=oneshot",
      "ExecStart=/usr/lib/slipway/first-boot final",
      "RemainAfterExit=yes",
      "TimeoutStartSec=0",
      "[Install]",
      "WantedBy=multi-user.target",
    ]),
  },
  {
    path: "/usr/lib/systemd/system/slipway-clamp.service",
    content: unit([
      "[Unit]",
      "Description=TCP segment size follows the path",
      "DefaultDependencies=no",
      "After=nftables.service",
      "PartOf=nftables.service",
      "Before=network-pre.target",
      "[Service]",
      "Type=oneshot",
      "RemainAfterExit=yes",
      "ExecStart=/usr/sbin/nft -f /usr/lib/slipway/clamp.nft",
      "[Install]",
      "WantedBy=multi-user.target nftables.service",
    ]),
  },
  {
    // The clock is the outer machine's; the service runs, as on a machine, without the capability to set it.
    path: "/usr/lib/systemd/system/systemd-timesyncd.service.d/slipway.conf",
    content: unit(["[Unit]", "ConditionVirtualization=", "[Service]", "AmbientCapabilities="]),
  },
  {
    // A container's exit tells its engine whether to start it again: 133 for a reboot, 0 for power off.
    path: "/usr/lib/systemd/system/systemd-reboot.service.d/slipway.conf",
    content: unit(["[Unit]", "SuccessAction=exit-force", "SuccessActionExitStatus=133"]),
  },
  { path: "/etc/apt/apt.conf.d/90slipway", content: 'Acquire::Languages "none";\n' },
  {
    path: "/etc/dpkg/dpkg.cfg.d/90slipway",
    content: unit([
      "force-unsafe-io",
      "path-exclude=/usr/share/man/*",
      "path-exclude=/usr/share/doc/*",
      "path-exclude=/usr/share/locale/*",
    ]),
  },
];

/** Packages of the host image besides Debian's minimal base; no python, no compiler, no runtime: a target needs sshd and sh. */
export const hostPackages = [
  "systemd",
  "systemd-sysv",
  "systemd-timesyncd",
  "dbus",
  "openssh-server",
  "sudo",
  "ca-certificates",
  "nftables",
  "iproute2",
  "procps",
  "curl",
  "tzdata",
] as const;

/** Run in the root of the image once the packages and files are there. */
export const finishHost = [
  "set -e",
  "rm -f /etc/ssh/ssh_host_*_key* /etc/machine-id /var/lib/dbus/machine-id /etc/apt/apt.conf.d/99mmdebstrap /etc/dpkg/dpkg.cfg.d/99mmdebstrap",
  ": > /etc/machine-id",
  // Ubuntu starts sshd by its socket, which listens before the first boot is done.
  "! [ -e /usr/lib/systemd/system/ssh.socket ] || systemctl disable ssh.socket",
  "systemctl enable cloud-init.service cloud-final.service slipway-clamp.service systemd-timesyncd.service ssh.service",
  "systemctl mask getty@.service console-getty.service getty-static.service",
  "mkdir -p -m 700 /root/.ssh",
  "update-ca-certificates",
  "rm -f /var/cache/apt/*.bin /var/cache/apt/archives/*.deb",
].join("\n");

/** The same for a root that no container runs in; a container's engine holds these files itself. */
export const finishRoot = [
  finishHost,
  "for file in hostname resolv.conf hosts; do rm -f /etc/$file; : > /etc/$file; done",
].join("\n");
