import { mail } from "../../../src/index.ts";
import { cases } from "../harness.ts";

// A relay that writes down what it is told.
const relay = `cat >/run/relay.pl <<'END'
use IO::Socket::INET; $| = 1; open my $log, ">", "/run/relay.log"; $log->autoflush(1);
my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 2525, Listen => 5, ReuseAddr => 1) or die;
while (my $c = $s->accept) { my $data = 0; print $c "220 relay\\r\\n"; while (my $l = <$c>) { print $log $l;
if ($data) { if ($l =~ /^\\.\\r/) { $data = 0; print $c "250 taken\\r\\n" } next }
if ($l =~ /^DATA/) { $data = 1; print $c "354 go\\r\\n" } elsif ($l =~ /^QUIT/) { print $c "221 bye\\r\\n"; last } else { print $c "250 ok\\r\\n" } } close $c }
END
systemd-run -q --unit relay perl /run/relay.pl`;

export default cases({
  "mail.satellite": {
    before: relay,
    property: mail.satellite({
      relay: "localhost:2525",
      tls: "none",
      from: "host@example.org",
      aliases: { root: "ops@example.org" },
    }),
    shows: {
      "printf 'Subject: hello\\n\\nbody\\n' | sendmail root; timeout 30 sh -c 'until grep -q ^QUIT /run/relay.log; do :; done'; tr -d '\\r' </run/relay.log":
        /MAIL FROM:<host@example.org>.*\nRCPT TO:<ops@example.org>.*\nFrom: root <host@example.org>\n.*body\n/s,
      "ss -ltn | grep :25 | grep -v '127.0.0.1\\|\\[::1\\]'; mailq": "Mail queue is empty",
    },
    afterwards: { "systemctl is-active postfix": "inactive" },
    cleanup: "systemctl stop relay",
  },
});
