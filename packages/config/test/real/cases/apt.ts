import { readFileSync } from "node:fs";
import { join } from "node:path";
import { apt } from "../../../src/index.ts";
import { cases } from "../harness.ts";

const folder = join(import.meta.dirname, "../archive");
const archive = readFileSync(join(folder, "archive.tgz")).toString("base64");
const key = readFileSync(join(folder, "key.asc"), "utf8");

const unpack = `mkdir -p /srv/archive && printf %s ${archive} | base64 -d | tar xz -C /srv/archive`;
const offered = apt.source("hello", { uris: "file:/srv/archive", suites: ["stable", "stable-security"], key });
const only =
  "-o Dir::Etc::SourceList=sources.list.d/hello.sources -o Dir::Etc::SourceParts=- -o APT::Get::List-Cleanup=0";
// The cases share the archive: it is there from the first that needs it to the last.
const use = `[ -e /etc/apt/sources.list.d/hello.sources ] && exit
${unpack}
printf 'Types: deb\nURIs: file:/srv/archive\nSuites: stable stable-security\nComponents: main\nSigned-By: /etc/apt/keyrings/hello.asc\n' >/etc/apt/sources.list.d/hello.sources
printf '%s' '${key}' >/etc/apt/keyrings/hello.asc
apt-get update -q ${only}`;
const old = `(${use})
apt-get install -y -q --allow-downgrades slipway-hello=1.0`;
const away = `rm -rf /srv/archive /etc/apt/sources.list.d/hello.sources /etc/apt/keyrings/hello.asc /var/lib/apt/lists/*archive*`;
// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query fills them in.
const version = "dpkg-query -W -f '${db:Status-Status} ${Version}' slipway-hello";

export default cases({
  "apt.installed": {
    property: apt.installed("tree", "hello"),
    shows: { hello: "Hello, world!" },
    afterwards: { "command -v tree hello": "" },
  },
  "apt.listsNotOlderThan": {
    before: "touch -d '3 hours ago' /var/lib/slipway/apt-updated; rm -f /var/lib/apt/periodic/update-success-stamp",
    property: apt.listsNotOlderThan("2h"),
    shows: { "find /var/lib/slipway/apt-updated -mmin -5": "/var/lib/slipway/apt-updated" },
  },
  "apt.source": {
    before: unpack,
    property: offered,
    shows: {
      "apt-cache madison slipway-hello | tr -d ' '": /^slipway-hello\|2\.0\|file:.*\nslipway-hello\|1\.0\|file:/,
    },
    afterwards: { "apt-cache madison slipway-hello": "", "ls /etc/apt/keyrings/hello.asc": /No such file/ },
    cleanup: away,
  },
  "apt.removed": {
    before: old,
    property: apt.removed("slipway-hello"),
    shows: {
      "cat /usr/share/slipway-hello/version": /No such file/,
      "cat /etc/slipway-hello.conf": "# of slipway-hello",
    },
  },
  "apt.purged": {
    property: apt.purged("slipway-hello"),
    shows: { "cat /etc/slipway-hello.conf": /No such file/ },
  },
  "apt.pinned": {
    before: use,
    property: apt.pinned("hello", { packages: ["slipway-hello"], to: "version 1.*" }),
    shows: { "apt-cache policy slipway-hello | grep Candidate": "Candidate: 1.0" },
    afterwards: { "apt-cache policy slipway-hello | grep Candidate": "Candidate: 2.0" },
  },
  "apt.held": {
    before: old,
    property: apt.held("slipway-hello"),
    shows: { "apt-get -s dist-upgrade | grep slipway": "slipway-hello", "apt-mark showhold": "slipway-hello" },
    afterwards: { "apt-mark showhold": "" },
  },
  "apt.upgraded": {
    before: old,
    property: apt.upgraded({ only: "security" }),
    shows: { [version]: "installed 2.0", "cat /usr/share/slipway-hello/version": "2.0" },
  },
  "apt.autoremoved": {
    before: `${old} && apt-mark auto slipway-hello`,
    property: apt.autoremoved,
    shows: { [version]: "config-files 1.0" },
    cleanup: away,
  },
  "apt.unattendedUpgrades": {
    property: apt.unattendedUpgrades({ rebootAt: "02:30", alsoFrom: ["origin=SlipwayTest"], except: ["linux-"] }),
    shows: {
      "apt-config dump | grep -E 'Unattended-Upgrade(::Automatic-Reboot-Time)? '":
        'APT::Periodic::Unattended-Upgrade "1";\nUnattended-Upgrade "";\nUnattended-Upgrade::Automatic-Reboot-Time "02:30";',
      "apt-config dump | grep -E 'Origins-Pattern:|Package-Blacklist:'":
        /"origin=Debian,[\s\S]*"origin=SlipwayTest";\n.*"linux-";$/,
    },
    afterwards: { "apt-config dump | grep Automatic-Reboot-Time": "" },
  },
});
