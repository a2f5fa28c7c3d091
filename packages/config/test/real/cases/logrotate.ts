import { logrotate } from "../../../src/index.ts";
import { cases } from "../harness.ts";

export default cases({
  "logrotate.rule": {
    before:
      "mkdir -p /var/log/slipway-app && chown nobody:adm /var/log/slipway-app && echo one >'/var/log/slipway-app/a b.log'",
    property: logrotate.rule("slipway-app", {
      logs: "/var/log/slipway-app/*.log",
      every: "day",
      keep: 3,
      create: { mode: "0640", owner: "nobody", group: "adm" },
      as: { user: "root", group: "adm" },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's
      afterwards: ["sh", "-c", 'echo "${1}d" >>/var/log/slipway-app/told', "told", "rotate"],
    }),
    shows: {
      "logrotate --force /etc/logrotate.d/slipway-app; cd /var/log/slipway-app; stat -c '%n %a %U:%G %s' *":
        "a b.log 640 nobody:adm 0\na b.log.1 644 root:root 4\ntold 644 root:root 8",
      "logrotate -d /etc/logrotate.conf 2>&1 | grep -c slipway-app": /^[1-9]/,
    },
    afterwards: { "logrotate -d /etc/logrotate.conf 2>&1 | grep -c slipway-app": "0" },
    cleanup: "rm -r /var/log/slipway-app",
  },
});
