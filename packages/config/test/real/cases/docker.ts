import { Secret } from "@slipway/model";
import { docker } from "../../../src/index.ts";
import { cases } from "../harness.ts";
import { makeRepository, publicKey } from "../support/docker-repository.ts";

const registry = `export DEBIAN_FRONTEND=noninteractive
apt-get install -y -q --no-install-recommends docker-registry apache2-utils >/dev/null
cat >/etc/docker/registry/config.yml <<'END'
version: 0.1
storage: { filesystem: { rootdirectory: /var/lib/docker-registry } }
http: { addr: "127.0.0.1:5000" }
auth: { htpasswd: { realm: test, path: /etc/docker/registry/users } }
END
htpasswd -Bbc /etc/docker/registry/users ada "correct horse" && chmod 644 /etc/docker/registry/users
systemctl restart docker-registry
timeout 60 perl -MIO::Socket::INET -e '1 until IO::Socket::INET->new("127.0.0.1:5000")'
useradd -m -G docker ada`;

export default cases({
  "docker.1 installed": {
    property: docker.composeInstalled,
    shows: {
      "docker info -f '{{.LoggingDriver}}'": "json-file",
      "docker network inspect bridge -f '{{index .Options \"com.docker.network.driver.mtu\"}}' | tr -d '\\n'; cat /sys/class/net/eth0/mtu":
        /^(\d+)\1$/,
      "docker-compose version": /^docker-compose version 1|Docker Compose version 2/i,
    },
  },
  "docker.2 settings": {
    before: `mkdir -p /etc/docker; [ -e /etc/docker/daemon.json ] || echo '{"debug": true}' >/etc/docker/daemon.json`,
    property: docker.settings({
      liveRestore: true,
      logs: { maxSize: "10m", maxFiles: 3 },
      addressPools: [{ base: "10.210.0.0/16", size: 24 }],
      other: { "max-concurrent-downloads": 2 },
    }),
    shows: {
      "docker info -f '{{.LiveRestoreEnabled}} {{.LoggingDriver}}'": "true json-file",
      "docker network create pooled >/dev/null && docker network inspect pooled -f '{{range .IPAM.Config}}{{.Subnet}}{{end}}'; docker network rm pooled >/dev/null":
        /^10\.210\.\d+\.0\/24$/,
    },
    afterwards: { "docker info -f '{{.LiveRestoreEnabled}}'": "false" },
  },
  "docker.3 pinned": {
    property: (release) => docker.pinned(release === "12" ? "20.10.24" : "26.1.5"),
    shows: { "apt-cache policy docker.io | grep -c ' 1001$'": /[12]/ },
    afterwards: { "apt-cache policy docker.io | grep -c ' 1001$'": "0" },
  },
  "docker.4 registryLogin": {
    before: registry,
    property: docker.registryLogin("127.0.0.1:5000", { user: "ada", password: new Secret("registry"), as: "ada" }),
    secrets: { registry: "correct horse" },
    shows: {
      "stat -c '%a %U' /home/ada/.docker/config.json": "600 ada",
      'curl -s -o /dev/null -w \'%{http_code}\' -H "Authorization: Basic $(sed -n \'s/.*"auth": "\\(.*\\)"/\\1/p\' /home/ada/.docker/config.json)" http://127.0.0.1:5000/v2/':
        "200",
      "ls /root/.docker": /No such file/,
    },
    afterwards: { "grep -c auth.: /home/ada/.docker/config.json": "0" },
    cleanup: "systemctl disable -q --now docker-registry; userdel -r ada",
  },
  "docker.5 prunes": {
    property: docker.prunes({ olderThan: "24h" }),
    shows: {
      "systemctl start slipway-docker-prune && systemctl show -P Result slipway-docker-prune": "success",
      "systemctl is-active slipway-docker-prune.timer": "active",
    },
    afterwards: { "systemctl cat slipway-docker-prune.timer": /No files found/ },
  },
  // Last: Debian's engine has to go.
  "docker.6 from a repository like docker.com's": {
    before: `(${makeRepository})`,
    property: docker.from({ url: "file:/srv/docker", key: publicKey }, { version: "27.3.1" }),
    shows: {
      "dpkg-query -W -f '${Version}' docker-ce docker-ce-cli": "5:27.3.1-1~test5:27.3.1-1~test",
      "dpkg -l docker.io docker-cli docker-compose 2>/dev/null | grep -c ^ii": "0",
      "apt-get -s dist-upgrade | grep -c '^Inst docker-ce'": "0",
      "systemctl is-active docker": "active",
    },
    cleanup:
      "apt-get purge -y -q docker-ce docker-ce-cli; rm -rf /srv/docker /etc/apt/sources.list.d/docker.sources /etc/apt/preferences.d/slipway-docker; apt-get -q update",
  },
});
