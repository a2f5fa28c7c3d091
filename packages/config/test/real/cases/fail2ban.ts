import { fail2ban } from "../../../src/index.ts";
import { cases } from "../harness.ts";

// Logins of a user who is not there, from an address of this host that is not its own main one.
const failures = `ip addr add 10.78.0.1/32 dev lo
for i in 1 2 3; do ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -b 10.78.0.1 nobody-$i@10.78.0.1 true 2>/dev/null; done`;
/** Bans are made by a thread of their own. */
const until = (condition: string): string => `timeout 60 sh -c 'until ${condition}; do :; done'`;

export default cases({
  "fail2ban.sshd": {
    property: fail2ban.sshd({ tries: 3, banned: 3600, never: ["192.0.2.0/24"] }),
    shows: {
      "fail2ban-client status sshd": /Status for the jail: sshd/,
      "fail2ban-client get sshd journalmatch": /_SYSTEMD_UNIT=ssh\.service/,
      "fail2ban-client get sshd ignoreip": /192\.0\.2\.0\/24/,
      "fail2ban-client set sshd banip 198.51.100.7": "1",
      [`${until("nft list table inet f2b-table 2>/dev/null | grep -q 198.51.100.7")}; echo $?`]: "0",
      // Failures in the journal are counted.
      [`fail2ban-client set sshd ignoreself false >/dev/null; ${failures}
${until('fail2ban-client status sshd | grep -q "IP list:.* 10.78.0.1"')}; echo $?`]: "0",
    },
    afterwards: { "fail2ban-client status": /Number of jail:\s*0/ },
    cleanup: "fail2ban-client unban --all; systemctl stop fail2ban; ip addr del 10.78.0.1/32 dev lo",
  },
});
