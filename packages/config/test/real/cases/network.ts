import { network } from "../../../src/index.ts";
import { cases } from "../harness.ts";

/** As after a boot: what is live is taken away, and the unit brings it back. */
const atBoot = (remove: string, unit: string): string =>
  `systemctl is-enabled ${unit} && ip ${remove} && systemctl start ${unit}`;

export default cases({
  "network.resolver": {
    before: "cp /etc/resolv.conf /root/resolv.conf; rm /etc/resolv.conf; ln -s /run/other/resolv.conf /etc/resolv.conf",
    property: network.resolver(["192.0.2.53", "2001:db8::53"], { search: ["example.org"] }),
    shows: {
      "cat /etc/resolv.conf": "search example.org\nnameserver 192.0.2.53\nnameserver 2001:db8::53",
      "test ! -L /etc/resolv.conf && echo plain": "plain",
    },
    cleanup: "cp /root/resolv.conf /etc/resolv.conf",
  },
  "network.address": {
    property: network.address("eth0", "10.79.0.1/24"),
    shows: {
      [atBoot("address del 10.79.0.1/24 dev eth0", "slipway-address-eth0-10.79.0.1-24")]: "enabled",
      "ip -o -4 address show dev eth0 | grep -o '10.79.0.1/24'": "10.79.0.1/24",
    },
    afterwards: { "ip -o -4 address show dev eth0 | grep -c '10.79.0.1/24'": "0" },
  },
  "network.route": {
    before: "ip address add 10.79.0.1/24 dev eth0",
    property: network.route("198.51.100.0/24", "10.79.0.2"),
    shows: {
      [atBoot("route del 198.51.100.0/24", "slipway-route-198.51.100.0-24")]: "enabled",
      "ip route get 198.51.100.9 | head -1 | cut -d' ' -f1-5": "198.51.100.9 via 10.79.0.2 dev eth0",
    },
    afterwards: { "ip route show 198.51.100.0/24": "" },
    cleanup: "ip address del 10.79.0.1/24 dev eth0",
  },
});
