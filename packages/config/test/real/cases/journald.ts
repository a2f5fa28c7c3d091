import { journald } from "../../../src/index.ts";
import { cases } from "../harness.ts";

export default cases({
  "journald.keeps": {
    property: journald.keeps({ atMost: "200M", leaving: "1G", for: "30d", storage: "persistent" }),
    shows: {
      "systemd-analyze cat-config systemd/journald.conf | grep -E '^(Storage|System|MaxR)'":
        "Storage=persistent\nSystemMaxUse=200M\nSystemKeepFree=1G\nMaxRetentionSec=30day",
      "systemctl is-active systemd-journald; journalctl -b -q -o cat -u systemd-journald | grep -cE 'max 200(.0)?M'":
        /^active\n[1-9]/,
    },
    afterwards: { "systemd-analyze cat-config systemd/journald.conf | grep ^SystemMaxUse": "" },
  },
});
