import { dns } from "../../../src/index.ts";
import { cases } from "../harness.ts";

export default cases({
  "dns.zone": {
    property: dns.zone("example.org", { records: [{ name: "www", type: "A", to: "192.0.2.1" }] }),
    shows: {
      "nsd-checkzone example.org /etc/nsd/slipway/example.org.zone": "zone example.org is ok",
      "systemctl is-active nsd": "active",
    },
    afterwards: { "ls /etc/nsd/slipway; systemctl is-active nsd": /No such file or directory|inactive/ },
    cleanup: "systemctl stop nsd",
  },
});
