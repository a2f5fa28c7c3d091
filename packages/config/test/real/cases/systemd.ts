import { systemd } from "../../../src/index.ts";
import { cases } from "../harness.ts";

// biome-ignore lint/suspicious/noTemplateCurlyInString: not to be filled in.
const words = ["a  b", "%h", "$HOME ${HOME}", '"q"', "it's \\n"];

export default cases({
  "systemd.timer": {
    property: systemd.timer("slipway-job", {
      at: ["Mon..Fri 02:30", "*-*-01 00/2:15"],
      run: ["sh", "-c", 'printf "%s|" "$@" "$GREETING" "$(id -un)" >/tmp/slipway-timer', "job", ...words],
      user: "nobody",
      environment: { GREETING: 'a "b" 100% $HOME' },
      spread: "5m",
      settings: { Nice: "10" },
    }),
    before: "rm -f /tmp/slipway-timer",
    shows: {
      "systemctl is-active slipway-job.timer; systemctl show -P TimersCalendar slipway-job.timer":
        /^active\n(?=[\s\S]*OnCalendar=Mon\.\.Fri \*-\*-\* 02:30:00 ;)(?=[\s\S]*OnCalendar=\*-\*-01 00\/2:15:00 ;)/,
      "systemctl start slipway-job.service && cat /tmp/slipway-timer": `${words.join("|")}|a "b" 100% $HOME|nobody|`,
      "systemctl show -P Nice slipway-job.service": "10",
    },
    afterwards: {
      "systemctl show -P LoadState slipway-job.timer slipway-job.service": "not-found\n\nnot-found",
      "ls /etc/systemd/system | grep slipway": "",
    },
    cleanup: "rm -f /tmp/slipway-timer",
  },
  "systemd.masked": {
    property: systemd.masked("fstrim.timer"),
    shows: { "systemctl is-enabled fstrim.timer; systemctl start fstrim.timer": /^masked\n.*is masked/ },
    afterwards: { "systemctl is-enabled fstrim.timer": "enabled" },
  },
  "systemd.override": {
    before: "systemctl start systemd-logind",
    property: systemd.override("systemd-logind", "[Service]\nNice=3\nEnvironment=SLIPWAY=1\n"),
    shows: {
      "systemctl show -P Nice systemd-logind; systemctl is-active systemd-logind": "3\nactive",
      "ps -o ni= -p $(systemctl show -P MainPID systemd-logind)": "3",
    },
    afterwards: { "systemctl show -P Nice systemd-logind": "0" },
  },
  "systemd.disabled of a unit that fails and is started again and again": {
    before: `systemd-run -q --unit slipway-loop -p Restart=always -p RestartSec=1h false
until systemctl show -P SubState slipway-loop | grep -qx auto-restart; do :; done`,
    property: systemd.disabled("slipway-loop"),
    shows: { "systemctl show -P SubState slipway-loop": "dead" },
  },
});
