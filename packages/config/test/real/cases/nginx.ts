import { all, revertable } from "@slipway/model";
import { nginx } from "../../../src/index.ts";
import { cases } from "../harness.ts";
import { pebble } from "./certificate.ts";

const certificate = { chain: "/etc/ssl/shop.pem", key: "/etc/ssl/shop.key" };
const get = (url: string, more = ""): string =>
  `curl -sSk --resolve shop.example.org:443:127.0.0.1 --resolve shop.example.org:80:127.0.0.1 ${more} ${url}`;
// A server that tells what it was asked.
const upstream = `DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends nginx >/dev/null
cat >/run/upstream.pl <<'END'
use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die;
while (my $c = $s->accept) { my $t = ""; while (<$c>) { last if /^\\r\\n$/; $t .= $_ }
print $c "HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\nConnection: close\\r\\nContent-Length: " . length($t) . "\\r\\n\\r\\n$t"; close $c }
END
systemd-run -q --unit upstream perl /run/upstream.pl`;

export default cases({
  "nginx.serves over HTTP": {
    before: upstream,
    property: nginx.serves("shop.example.org", { port: 8080 }),
    shows: {
      [get("http://shop.example.org/a?b=c", "-H 'X-Forwarded-For: 6.6.6.6'")]:
        /^GET \/a\?b=c HTTP\/1\.1\r\nHost: shop\.example\.org\r\n.*X-Forwarded-For: 127\.0\.0\.1\r\n.*X-Forwarded-Proto: http\r/s,
      [get("http://shop.example.org/", "-H 'Connection: Upgrade' -H 'Upgrade: websocket'")]:
        /Upgrade: websocket\r\nConnection: upgrade/,
      [get("http://shop.example.org/", "-o /dev/null -D -")]: /X-Content-Type-Options: nosniff/,
    },
    afterwards: { "ls /etc/nginx/sites-enabled": "", "nginx -t -q": "" },
    cleanup: "systemctl stop upstream",
  },
  "nginx.serves with a certificate": {
    before: `${upstream}; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=shop.example.org -days 2 -out ${certificate.chain} -keyout ${certificate.key}`,
    property: nginx.serves("shop.example.org", { port: 8080, certificate }),
    shows: {
      [get("http://shop.example.org/a?b=c", "-o /dev/null -w '%{http_code} %{redirect_url}'")]:
        "301 https://shop.example.org/a?b=c",
      [get("https://shop.example.org/", "-o /dev/null -w '%{http_version} %{http_code}'")]: "2 200",
      [get("https://shop.example.org/")]: /X-Forwarded-Proto: https/,
      [get("https://shop.example.org/", "-o /dev/null -D -")]: /strict-transport-security: max-age=31536000/,
      "nginx -t 2>&1 | grep -c warn": "0",
    },
    cleanup: `systemctl stop upstream; rm -rf ${certificate.chain} ${certificate.key}`,
  },
  "nginx.serves with a certificate by ACME": {
    before: `${upstream}\nexport DEBIAN_FRONTEND=noninteractive; apt-get install -y -q --no-install-recommends pebble ca-certificates curl >/dev/null\n${pebble}`,
    property: nginx.serves("www.example.test", {
      port: 8080,
      aliases: ["example.test"],
      certificateFor: "ops@example.test",
      authority: "https://localhost:14000/dir",
    }),
    shows: {
      "openssl s_client -connect 127.0.0.1:443 -servername example.test </dev/null 2>/dev/null | openssl x509 -noout -issuer":
        /Pebble Intermediate CA/,
      "curl -sk -o /dev/null -w '%{http_code}' https://www.example.test/": "200",
      "curl -s -o /dev/null -w '%{redirect_url}' http://example.test/a": "https://example.test/a",
    },
    afterwards: {
      "ls /etc/nginx/sites-enabled": "",
      "systemctl list-unit-files 'slipway-acme*' | tail -1": "0 unit files listed.",
    },
    cleanup: "systemctl stop upstream pebble; cat /root/hosts >/etc/hosts; rm -f /etc/slipway/certificates/*",
  },
  "nginx.files and a snippet": {
    before: "mkdir -p /srv/www/docs /srv/www/.git; echo home >/srv/www/index.html; echo secret >/srv/www/.git/config",
    property: ((parts) =>
      revertable(
        all("the docs", [...parts]),
        all("no docs", [parts[2].opposite, parts[1].opposite, parts[0].opposite]),
      ))([
      nginx.files("docs.example.org", { root: "/srv/www", fallback: "/index.html" }),
      nginx.snippet("teapot", "return 418;\n"),
      nginx.site("tea", "server { listen 8418; include snippets/teapot.conf; }\n"),
    ] as const),
    shows: {
      "curl -s -H 'Host: docs.example.org' http://127.0.0.1/some/page": "home",
      "curl -s -o /dev/null -w '%{http_code}' -H 'Host: docs.example.org' http://127.0.0.1/.git/config": "404",
      "curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8418/": "418",
      "ls /run | grep -c '^tmp[.]'": "0",
    },
    afterwards: { "ls /etc/nginx/sites-enabled": "", "ls /etc/nginx/snippets": "fastcgi-php.conf\nsnakeoil.conf" },
    cleanup: "rm -rf /srv/www",
  },
});
