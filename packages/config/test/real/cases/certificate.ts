import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "@slipway/model";
import { certificate } from "../../../src/index.ts";
import { cases } from "../harness.ts";

function pair(name: string): { readonly chain: string; readonly key: string } {
  const folder = mkdtempSync(join(tmpdir(), "certificate-"));
  const [key, chain] = [join(folder, "key"), join(folder, "chain")];
  const words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj", `/CN=${name}`];
  execFileSync("openssl", [...words, "-keyout", key, "-out", chain], { stdio: "ignore" });
  const made = { chain: readFileSync(chain, "utf8"), key: readFileSync(key, "utf8") };
  rmSync(folder, { recursive: true });
  return made;
}

const own = pair("www.example.org");
const at = "/etc/slipway/certificates/www.example.test.pem";
const nginx = (name: string, more: string): string => `export DEBIAN_FRONTEND=noninteractive
dpkg -s nginx >/dev/null 2>&1 || { ls /var/lib/apt/lists/*Packages* || apt-get -qq update; apt-get -qq install --no-install-recommends -y nginx ${more}; } >/dev/null
cat >/etc/nginx/sites-enabled/${name} <<'END'
server { listen 80; server_name www.example.test example.test; ${certificate.challengeLocation} }
END
systemctl reload-or-restart nginx`;

// Pebble is the ACME server that Let's Encrypt tests with; here it resolves the names by /etc/hosts and looks at port 80.
export const pebble = `mkdir -p /root/pebble && cd /root/pebble
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem 2>/dev/null
cp cert.pem /usr/local/share/ca-certificates/pebble.crt; update-ca-certificates >/dev/null 2>&1
cat >config.json <<'END'
{"pebble":{"listenAddress":"127.0.0.1:14000","managementListenAddress":"127.0.0.1:15000","certificate":"/root/pebble/cert.pem","privateKey":"/root/pebble/key.pem","httpPort":80,"tlsPort":443,"ocspResponderURL":"","externalAccountBindingRequired":false}}
END
systemd-run -q --unit pebble -E PEBBLE_VA_NOSLEEP=1 -E PEBBLE_WFE_NONCEREJECT=0 pebble -config /root/pebble/config.json
cp /etc/hosts /root/hosts; printf '127.0.0.1\\twww.example.test example.test\\n' >>/etc/hosts
timeout 60 sh -c 'until curl -so /dev/null https://localhost:14000/dir; do :; done'`;

export default cases({
  "certificate.selfSigned": {
    property: certificate.selfSigned("www.example.org", { also: ["example.org"] }),
    shows: {
      "openssl x509 -in /etc/slipway/certificates/www.example.org.pem -noout -ext subjectAltName | tail -1 | tr -d ' '":
        "DNS:www.example.org,DNS:example.org",
      "stat -c '%a %U' /etc/slipway/certificates /etc/slipway/certificates/*": "700 root\n600 root",
    },
    cleanup: "rm /etc/slipway/certificates/*",
  },
  "certificate.own": {
    property: certificate.own("www.example.org", { chain: own.chain, key: new Secret("www.key") }),
    secrets: { "www.key": own.key },
    shows: {
      "openssl x509 -in /etc/slipway/certificates/www.example.org.pem -noout -subject": /CN ?= ?www\.example\.org/,
      "stat -c '%a %U' /etc/slipway/certificates/www.example.org.pem": "600 root",
    },
    afterwards: { "ls /etc/slipway/certificates": "" },
  },
  "certificate.acme": {
    before: `${nginx("acme", "pebble curl")}\n${pebble}`,
    property: certificate.acme("www.example.test", {
      also: ["example.test"],
      agreesToTerms: true,
      mail: "ops@example.test",
      directory: "https://localhost:14000/dir",
    }),
    shows: {
      [`openssl x509 -in ${at} -noout -issuer`]: /Pebble Intermediate CA/,
      [`openssl x509 -in ${at} -noout -ext subjectAltName | tail -1 | tr -d ' ' | tr , '\\n' | sort`]:
        "DNS:example.test\nDNS:www.example.test",
      "systemctl is-active slipway-acme-www.example.test.timer": "active",
      // Renewal, as the timer does it: another certificate, which nginx is told of.
      [`b=$(openssl x509 -in ${at} -noout -serial); echo 'RENEW_DAYS=9999' >>/etc/slipway/acme/www.example.test.conf
p=$(systemctl show -P ExecReload nginx | sed 's/.*start_time=\\[\\([^]]*\\).*/\\1/')
systemctl start slipway-acme-www.example.test && [ "$b" != "$(openssl x509 -in ${at} -noout -serial)" ] && echo renewed
[ "$p" != "$(systemctl show -P ExecReload nginx | sed 's/.*start_time=\\[\\([^]]*\\).*/\\1/')" ] && echo reloaded
sed -i /RENEW_DAYS/d /etc/slipway/acme/www.example.test.conf`]: "renewed\nreloaded",
      "stat -c %a /etc/slipway/certificates/*": "600",
    },
    afterwards: {
      "systemctl list-unit-files 'slipway-acme*' | tail -1": "0 unit files listed.",
      [`openssl x509 -in ${at} -noout -issuer`]: /Pebble/,
    },
    cleanup:
      "systemctl stop pebble; cat /root/hosts >/etc/hosts; rm /etc/nginx/sites-enabled/acme; systemctl stop nginx; rm /etc/slipway/certificates/*",
  },
});
