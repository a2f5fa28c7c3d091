import { Secret } from "@slipway/model";
import { collectd } from "../../../src/index.ts";
import { cases } from "../harness.ts";

// A server that keeps what it hears, and says `ok` to it.
const riemann = `cat >/run/riemann.pl <<'END'
use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 5555, Listen => 5, ReuseAddr => 1) or die;
open my $f, ">>", "/run/riemann.log"; $f->autoflush(1);
while (my $c = $s->accept) { while (read($c, my $n, 4) == 4) { read $c, my $d, unpack("N", $n); print $f $d; syswrite $c, "\\0\\0\\0\\2\\x10\\1" } }
END
systemd-run -q --unit riemann perl /run/riemann.pl`;

export default cases({
  "collectd.sends": {
    before: riemann,
    property: collectd.sends({
      every: 1,
      reads: { cpu: true, load: true, memory: true, df: true, interface: ["eth0"], processes: ["sshd"] },
      to: [
        { type: "riemann", server: "127.0.0.1", tags: ["test"] },
        { type: "network", server: "127.0.0.1", login: { user: "ada", password: new Secret("collectd") } },
      ],
    }),
    secrets: { collectd: "correct horse" },
    shows: {
      "timeout 60 sh -c 'until grep -qas load /run/riemann.log; do :; done'; grep -ac 'load' /run/riemann.log":
        /^[1-9]/,
      "stat -c %a /etc/collectd/collectd.conf; systemctl is-active collectd": "640\nactive",
      "journalctl -u collectd | grep -ic 'unknown\\|could not find'": "0",
    },
    // collectd 5.12 once ended with an error when it was told to stop. It is stopped all the same, and `failed`.
    afterwards: { "systemctl is-active collectd": /^(inactive|failed)$/ },
    cleanup: "systemctl stop riemann",
  },
});
