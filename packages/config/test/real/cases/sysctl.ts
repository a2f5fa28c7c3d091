import { all } from "@slipway/model";
import { sysctl } from "../../../src/index.ts";
import { cases } from "../harness.ts";

const range = "net.ipv4.ip_local_port_range";

export default cases({
  "sysctl.is": {
    property: sysctl.is(range, "20000 60999"),
    shows: {
      [`sysctl -n ${range}`]: "20000\t60999",
      [`sysctl -q -w ${range}='1024 2048'; /usr/lib/systemd/systemd-sysctl; sysctl -n ${range}`]: "20000\t60999",
    },
    afterwards: {
      [`sysctl -n ${range}`]: "32768\t60999",
      "ls /etc/sysctl.d | grep slipway": "",
    },
  },
  "sysctl.is of an interface": {
    property: all("several settings", [
      sysctl.is("net/ipv4/conf/lo/rp_filter", 2),
      sysctl.is("net.ipv4.tcp_fin_timeout", 33),
    ]),
    shows: { "sysctl -n net.ipv4.conf.lo.rp_filter net.ipv4.tcp_fin_timeout": "2\n33" },
  },
});
