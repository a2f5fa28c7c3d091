import { telling } from "@slipway/model";
import { file, firewall } from "../../../src/index.ts";
import { cases } from "../harness.ts";

// Another machine, as a network namespace; sshd also listens where services would; a table that somebody else made, as Docker does.
const before = `ip netns add peer && ip link add v0 type veth peer name v1 netns peer
echo 0 >/proc/sys/net/ipv6/conf/v0/disable_ipv6; ip netns exec peer sh -c 'echo 0 >/proc/sys/net/ipv6/conf/v1/disable_ipv6'
ip addr add 10.77.0.1/24 dev v0; ip addr add fd77::1/64 dev v0 nodad; ip link set v0 up
ip -n peer addr add 10.77.0.2/24 dev v1; ip -n peer addr add fd77::2/64 dev v1 nodad; ip -n peer link set v1 up
/usr/sbin/sshd -o PidFile=/run/services.pid -p 8080 -p 8081 -p 5432
nft 'add table ip foreign; add chain ip foreign c; add rule ip foreign c counter accept'`;
const cleanup = 'kill "$(cat /run/services.pid)"; ip link del v0; ip netns del peer; nft delete table ip foreign';
const reaches = (address: string, port: number): string =>
  `ip netns exec peer timeout 1 bash -c ': </dev/tcp/${address}/${port}' 2>/dev/null && echo open || echo closed`;
const foreign = { "nft list tables | grep foreign": "table ip foreign" };

export default cases({
  "firewall.allowsOnly": {
    before,
    property: firewall.allowsOnly(
      { port: 22, perMinute: 600 },
      { port: 8080, from: ["10.77.0.2", "fd77::/64"] },
      { port: 5432, from: ["192.0.2.0/24", "2001:db8::/32"] },
      { port: 8081, perMinute: 1 },
      "5353/udp",
    ),
    shows: {
      [reaches("10.77.0.1", 22)]: "open",
      [reaches("10.77.0.1", 8080)]: "open",
      [reaches("fd77::1", 8080)]: "open",
      [reaches("10.77.0.1", 5432)]: "closed",
      [reaches("fd77::1", 5432)]: "closed",
      // Five at once are let through, then one a minute.
      [`for i in 1 2 3 4 5 6 7; do ${reaches("10.77.0.1", 8081)}; done | sort -u`]: "closed\nopen",
      ...foreign,
      "systemctl is-enabled slipway-firewall": "enabled",
      // As at boot.
      "nft delete table inet slipway; systemctl start slipway-firewall; nft list tables | grep -x 'table inet slipway'":
        "table inet slipway",
    },
    afterwards: { [reaches("10.77.0.1", 5432)]: "open", ...foreign, "ls /etc/slipway/firewall.nft": /No such file/ },
    cleanup,
  },
  "firewall.allowsWhatIsServed": {
    before,
    property: telling(
      firewall.allowsWhatIsServed.requires(file.directory("/srv")),
      { kind: "port", port: 8080, protocol: "tcp", owner: "app", from: "anywhere" },
      { kind: "port", port: 5432, protocol: "tcp", owner: "db", from: "platform" },
      { kind: "port", port: 9100, protocol: "tcp", owner: "exporter", from: "host" },
    ),
    hosts: [{ name: "other", os: "debian", version: "12", address: "10.77.0.2", info: [] }],
    shows: {
      [reaches("10.77.0.1", 8080)]: "open",
      [reaches("fd77::1", 8080)]: "open",
      [reaches("10.77.0.1", 5432)]: "open",
      [reaches("fd77::1", 5432)]: "closed",
      "nft list table inet slipway | grep -c 9100": "0",
      ...foreign,
    },
    cleanup: `${cleanup}; nft delete table inet slipway; systemctl disable -q --now slipway-firewall; rm /etc/slipway/firewall.nft`,
  },
});
