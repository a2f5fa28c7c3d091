import { mount } from "../../../src/index.ts";
import { cases } from "../harness.ts";

const gone = { "findmnt /mnt/slipway": "", "grep -c slipway /etc/fstab": "0", "ls -d /mnt/slipway": "/mnt/slipway" };

export default cases({
  "mount.tmpfs": {
    // Another size and a line of somebody else: both are changed, and what is in it stays.
    before: `mkdir -p /mnt/slipway && mount -t tmpfs -o size=8M tmpfs /mnt/slipway && touch /mnt/slipway/kept
echo 'tmpfs  /mnt/slipway  tmpfs  size=8M  0 0' >>/etc/fstab`,
    property: mount.tmpfs("/mnt/slipway", { size: "16M", mode: "0750", options: ["noexec", "nosuid"] }),
    shows: {
      "findmnt -n -o FSTYPE,SIZE /mnt/slipway": /^tmpfs +16M$/,
      "findmnt -n -o OPTIONS /mnt/slipway": /nosuid,.*noexec/,
      "ls /mnt/slipway": "kept",
      "grep slipway /etc/fstab": "tmpfs /mnt/slipway tmpfs size=16M,mode=0750,noexec,nosuid,nofail 0 0",
      "umount /mnt/slipway && systemctl start mnt-slipway.mount && findmnt -n -o SIZE /mnt/slipway && stat -c %a /mnt/slipway":
        /^ *16M\n750$/,
    },
    afterwards: gone,
  },
  "mount.bind": {
    before:
      "mkdir -p /srv/slipway/in && touch /srv/slipway/in/here && mount -t tmpfs tmpfs /mnt/slipway && mount -t tmpfs tmpfs /mnt/slipway",
    property: mount.bind("/mnt/slipway", "/srv/slipway/in", { options: ["ro"] }),
    shows: {
      "ls /mnt/slipway; touch /mnt/slipway/x": /^here\n.*Read-only file system$/,
      "grep slipway /etc/fstab": "/srv/slipway/in /mnt/slipway none bind,ro,nofail 0 0",
    },
    afterwards: gone,
    cleanup: "rm -rf /srv/slipway",
  },
  "mount.bind of a folder in a mount": {
    before: "mkdir -p /var/lib/docker/slipway/in && mount --bind /var/lib/docker/slipway/in /mnt/slipway",
    property: mount.bind("/mnt/slipway", "/var/lib/docker/slipway/in", { options: ["noexec"], needed: true }),
    shows: { "findmnt -n -o OPTIONS /mnt/slipway": /noexec/, "grep slipway /etc/fstab": /none bind,noexec 0 0/ },
    afterwards: gone,
    cleanup: "rm -rf /var/lib/docker/slipway",
  },
  "mount.at": {
    property: mount.at("/mnt/slipway", { source: "tmpfs", type: "tmpfs", options: ["nodev", "size=1M"] }),
    shows: { "findmnt -n -o SIZE /mnt/slipway": "1M" },
    afterwards: gone,
    cleanup: "rmdir /mnt/slipway",
  },
});
