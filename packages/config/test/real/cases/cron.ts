import { cron } from "../../../src/index.ts";
import { cases } from "../harness.ts";

// cron runs it when it starts, as after a reboot.
const started = `rm -f /run/crond.reboot /var/run/crond.reboot; systemctl restart cron
timeout 60 sh -c 'until [ -s /tmp/slipway-job ]; do sleep 0.1; done'; cat /tmp/slipway-job`;

export default cases({
  "cron.job": {
    before: "rm -f /tmp/slipway-job",
    property: cron.job("slipway-job", {
      at: "@reboot",
      user: "nobody",
      environment: { GREETING: "it's 100%" },
      run: ["sh", "-c", 'printf "%s|" "$@" "$GREETING" "$(id -un)" >/tmp/slipway-job', "job", "50%", "a  'b'"],
    }),
    shows: { [started]: "50%|a  'b'|it's 100%|nobody|", "stat -c '%a %U' /etc/cron.d/slipway-job": "644 root" },
    afterwards: { "ls /etc/cron.d/slipway-job": /No such file/ },
    cleanup: "rm -f /tmp/slipway-job",
  },
});
