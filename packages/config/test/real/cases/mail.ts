import { Secret } from "@slipway/model";
import { mail } from "../../../src/index.ts";
import { cases } from "../harness.ts";

// Speaks SMTP on its input and output, and writes down what it is told.
const speaker = `cat >/run/relay.pl <<'END'
$| = 1; open my $log, ">>", $ARGV[0]; $log->autoflush(1);
my $data = 0; print "220 relay\\r\\n"; while (my $l = <STDIN>) { print $log $l;
if ($data) { if ($l =~ /^\\.\\r/) { $data = 0; print "250 taken\\r\\n" } next }
if ($l =~ /^DATA/) { $data = 1; print "354 go\\r\\n" } elsif ($l =~ /^EHLO/) { print "250-relay\\r\\n250 AUTH PLAIN\\r\\n" }
elsif ($l =~ /^AUTH/) { print "235 welcome\\r\\n" } elsif ($l =~ /^QUIT/) { print "221 bye\\r\\n"; last } else { print "250 ok\\r\\n" } }
END
cat >/run/relay-tcp.pl <<'END'
use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 2525, Listen => 5, ReuseAddr => 1) or die;
while (my $c = $s->accept) { if (!fork) { open STDIN, "<&", $c; open STDOUT, ">&", $c; exec "perl", "/run/relay.pl", "/run/relay.log" } close $c }
END
cat >/run/relay-tls.sh <<'END'
rm -f /run/answers; mkfifo /run/answers
while :; do openssl s_server -quiet -naccept 1 -accept 465 -cert "$1.crt" -key "$1.key" </run/answers 2>/dev/null | perl -MIO::Handle /run/relay.pl "$1.log" >/run/answers; done
END`;
const certificate = (name: string): string =>
  `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=${name} -addext subjectAltName=DNS:${name} -days 2 -out /run/${name}.crt -keyout /run/${name}.key 2>/dev/null; cp /run/${name}.crt /usr/local/share/ca-certificates/`;
const within = (condition: string): string => `timeout 60 sh -c 'until ${condition}; do sleep 0.1; done'`;
const listens = within("ss -ltn | grep -q :465");
const send = "printf 'Subject: hello\\n\\nbody\\n' | sendmail root";

export default cases({
  "mail.satellite": {
    before: `${speaker}\nsystemd-run -q --unit relay perl /run/relay-tcp.pl`,
    property: mail.satellite({
      relay: "127.0.0.1:2525",
      tls: "none",
      from: "host@example.org",
      aliases: { root: "ops@example.org" },
    }),
    shows: {
      [`${send}; ${within("grep -q ^QUIT /run/relay.log")}; tr -d '\\r' </run/relay.log`]:
        /MAIL FROM:<host@example.org>.*\nRCPT TO:<ops@example.org>.*\nFrom: root <host@example.org>\n.*body\n/s,
      "ss -ltn | grep :25 | grep -v '127.0.0.1\\|\\[::1\\]'; mailq": "Mail queue is empty",
    },
    afterwards: { "systemctl is-active postfix": "inactive" },
    cleanup: "systemctl stop relay",
  },
  "mail.satellite with a login, over TLS": {
    before: `${speaker}
apt-get install -y -q --no-install-recommends ca-certificates openssl >/dev/null
${certificate("relay.test")}; ${certificate("other.test")}; update-ca-certificates >/dev/null
echo 127.0.0.1 relay.test >>/etc/hosts
systemd-run -q --unit relay sh /run/relay-tls.sh /run/relay.test`,
    property: mail.satellite({
      relay: "relay.test:465",
      user: "ada",
      password: new Secret("mail"),
      aliases: { root: "ops@example.org" },
    }),
    secrets: { mail: "correct horse" },
    shows: {
      [`${listens}; ${send}; ${within("grep -q ^QUIT /run/relay.test.log")}; grep AUTH /run/relay.test.log | cut -d ' ' -f 3 | tr -d '\\r' | base64 -d | tr '\\0' :`]:
        ":ada:correct horse",
      "stat -c '%a %U' /etc/postfix/sasl_passwd; ls /etc/postfix | grep -c sasl_passwd.": "600 root\n0",
      // Signed by an authority that the host trusts, but for another name: nothing is sent.
      [`systemctl stop relay; systemd-run -q --unit other sh /run/relay-tls.sh /run/other.test; ${listens}; ${send}; ${within("mailq | grep -q certificate")}; mailq | grep -o 'Server certificate not verified'; grep -c MAIL /run/other.test.log`]:
        "Server certificate not verified\n0",
    },
    afterwards: { "ls /etc/postfix/sasl_passwd": /No such file/ },
    cleanup: "systemctl stop relay other; postsuper -d ALL; rm -f /usr/local/share/ca-certificates/*.test.crt",
  },
});
