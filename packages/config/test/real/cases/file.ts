import { all, Secret, secretText } from "@slipway/model";
import { file } from "../../../src/index.ts";
import { cases } from "../harness.ts";

export default cases({
  "file.content": {
    property: file.content("/etc/slipway-test", "text\n", { mode: "0640", group: "adm" }),
    shows: { "cat /etc/slipway-test": "text", "stat -c '%a %U:%G' /etc/slipway-test": "640 root:adm" },
    afterwards: { "ls -d /etc/slipway-test": /No such file/ },
  },
  "file.content of a secret": {
    property: file.content("/etc/slipway-token", new Secret("app.token"), { group: "adm" }),
    secrets: { "app.token": "correct horse battery staple" },
    shows: { "cat /etc/slipway-token": "correct horse battery staple", "stat -c %a /etc/slipway-token": "600" },
  },
  "file.content with a secret in it": {
    property: file.content("/etc/slipway.conf", secretText`user = app\npassword = ${new Secret("app.password")}\n`),
    secrets: { "app.password": "tr0ub4dor and three" },
    shows: {
      "cat /etc/slipway.conf": "user = app\npassword = tr0ub4dor and three",
      "stat -c %a /etc/slipway.conf": "600",
    },
  },
  "file.template": {
    property: file.template(
      "/etc/slipway-hosts",
      ({ self, hosts }) => `${self.os} ${self.version} of ${hosts.length}\n`,
    ),
    shows: { "cat /etc/slipway-hosts": /^debian 1[23] of 1$/ },
    afterwards: { "ls -d /etc/slipway-hosts": /No such file/ },
  },
  "file.directory": {
    property: file.directory("/srv/deep/er", { mode: "2770", group: "adm" }),
    shows: { "stat -c '%a %U:%G' /srv/deep/er": "2770 root:adm" },
  },
  "file.line and file.block": {
    before:
      "printf 'keep\\nport = 1\\n#port = 2' >/etc/slipway-lines; chown root:adm /etc/slipway-lines; chmod 0640 /etc/slipway-lines; ln -s slipway-lines /etc/slipway-link",
    property: all("lines and blocks of several files", [
      file.line("/etc/slipway-link", "port = 3", {
        replaces: /^#?port\s*=/,
        validate: ["grep", "-qv", "nonsense", "{}"],
      }),
      file.line("/etc/slipway-link", "first $HOME \\n 'quoted'", { at: "start" }),
      file.block("/etc/slipway-link", "app one", "a\n\n%s\n", { comment: ";" }),
      file.block("/etc/slipway-new", "app", `${"x".repeat(10_000)}\n`),
    ]),
    shows: {
      "cat /etc/slipway-lines": "first $HOME \\n 'quoted'\nkeep\nport = 3\n; BEGIN app one\na\n\n%s\n; END app one",
      "stat -c '%a %U:%G' /etc/slipway-lines": "640 root:adm",
      "readlink /etc/slipway-link": "slipway-lines",
      "stat -c '%a %U:%G %s' /etc/slipway-new": "644 root:root 10023",
      "ls -A /etc | grep slipway-l": "slipway-lines\nslipway-link",
    },
    cleanup: "rm -f /etc/slipway-*",
  },
  "file.line taken back": {
    before: "printf 'one\\ntwo\\n' >/etc/slipway-lines",
    property: file.line("/etc/slipway-lines", "three"),
    shows: { "cat /etc/slipway-lines": "one\ntwo\nthree" },
    afterwards: { "cat /etc/slipway-lines": "one\ntwo" },
    cleanup: "rm -f /etc/slipway-*",
  },
  "file.block taken back": {
    before: "printf 'one\\n# BEGIN app\\nold\\n# END app\\ntwo\\n' >/etc/slipway-lines",
    property: file.block("/etc/slipway-lines", "app", "new\nnewer"),
    shows: { "cat /etc/slipway-lines": "one\n# BEGIN app\nnew\nnewer\n# END app\ntwo" },
    afterwards: { "cat /etc/slipway-lines": "one\ntwo" },
    cleanup: "rm -f /etc/slipway-*",
  },
  "file.symlink": {
    before: "ln -s old /srv/now",
    property: file.symlink("/srv/now", "release 7"),
    shows: { "readlink /srv/now": "release 7" },
    afterwards: { "ls -d /srv/now": /No such file/ },
  },
  "file.owned": {
    before: "touch /srv/owned; chmod 0600 /srv/owned",
    property: file.owned("/srv/owned", { owner: "www-data", mode: "4750" }),
    shows: { "stat -c '%a %U:%G' /srv/owned": "4750 www-data:root" },
    cleanup: "rm -f /srv/owned",
  },
});
