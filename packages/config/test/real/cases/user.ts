import { Secret } from "@slipway/model";
import { user } from "../../../src/index.ts";
import { cases } from "../harness.ts";

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKHEbDhPtmlbsqKx5gNqqYY7cMiVXVF6uHeXCg1vSrsX ada@laptop";
// openssl passwd -6 'correct horse battery'
const hash =
  "$6$5cQ1mEnPWsvWvKIj$1zmcH7UTq5Qf51FIHaZ9JTCj3qIBqA6qXgdjlYxvwZFa5c1nUmfqraF6X0QAMEw1D.dwsk3X4pqr5ovVsFIX.0";
const made = "useradd -m deploy";
const gone = "userdel -rf deploy 2>/dev/null; true";

export default cases({
  "user.account": {
    property: user.account("deploy", { groups: ["adm"] }),
    shows: { "id -nG deploy": "deploy adm", "getent passwd deploy | cut -d: -f6,7": "/home/deploy:/bin/bash" },
    afterwards: { "id deploy": /no such user/ },
    cleanup: "rm -rf /home/deploy",
  },
  "user.account: exactly these groups": {
    before: `${made} -G disk,games`,
    property: user.account("deploy", { groups: ["adm", "games"], exactly: true }),
    shows: { "id -nG deploy": "deploy adm games" },
    cleanup: gone,
  },
  "user.account: a system account": {
    before: "groupadd app",
    property: user.account("app", { system: true, home: "/srv/app" }),
    shows: { '[ "$(id -u app)" -lt 1000 ] && id -gn app': "app", "passwd -S app | cut -d' ' -f2": "L" },
    cleanup: "rm -rf /srv/app; groupdel app",
  },
  "user.shell": {
    before: `${made} -s /bin/sh`,
    property: user.shell("deploy", "/bin/bash"),
    shows: { "getent passwd deploy | cut -d: -f7": "/bin/bash" },
    afterwards: { "getent passwd deploy | cut -d: -f7": "/bin/sh" },
    cleanup: gone,
  },
  "user.locked": {
    before: `${made}; echo 'deploy:${hash}' | chpasswd -e`,
    property: user.locked("deploy"),
    shows: { "passwd -S deploy | cut -d' ' -f2": "L" },
    afterwards: { "passwd -S deploy | cut -d' ' -f2": "P" },
    cleanup: gone,
  },
  "user.password": {
    before: made,
    property: user.password("deploy", new Secret("deploy.password")),
    secrets: { "deploy.password": hash },
    shows: { "getent shadow deploy | cut -d: -f2": hash, "passwd -S deploy | cut -d' ' -f2": "P" },
    afterwards: { "passwd -S deploy | cut -d' ' -f2": "L" },
    cleanup: gone,
  },
  "user.authorizedKeys": {
    before: made,
    property: user.authorizedKeys("deploy", [{ key, restrict: true, command: 'echo "hello"' }]),
    shows: {
      "cat /home/deploy/.ssh/authorized_keys": `restrict,command="echo \\"hello\\"" ${key}`,
      "stat -c '%a %U' /home/deploy/.ssh /home/deploy/.ssh/authorized_keys": "700 deploy\n600 deploy",
    },
    afterwards: { "ls /home/deploy/.ssh/authorized_keys": /No such file/ },
    cleanup: gone,
  },
  "user.acceptsUsersOf": {
    before: made,
    property: user.acceptsUsersOf("backup", "deploy", { options: { restrict: true } }),
    hosts: [
      { name: "a", os: "debian", version: "12", info: [{ kind: "user", user: "backup", keys: [key] }] },
      { name: "b", os: "debian", version: "12", info: [{ kind: "user", user: "ada", keys: ["ssh-ed25519 AAAA no"] }] },
    ],
    shows: { "cat /home/deploy/.ssh/authorized_keys": `restrict ${key}` },
    afterwards: { "ls /home/deploy/.ssh/authorized_keys": /No such file/ },
    cleanup: gone,
  },
});
