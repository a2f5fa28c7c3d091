import { Secret } from "@slipway/model";
import { restic } from "../../../src/index.ts";
import { cases } from "../harness.ts";

const env = "set -a; . /etc/slipway/restic/data.env";

export default cases({
  "restic.backs": {
    before:
      "mkdir -p /srv/data/odd /srv/data/tmp /srv/repository; head -c 100000 /dev/urandom >'/srv/data/odd/a $x% \"b'; echo no >/srv/data/tmp/x; chmod 0600 /srv/data/odd/*",
    property: restic.backs({
      name: "data",
      repository: "/srv/repository",
      password: new Secret("backup.password"),
      env: { AWS_ACCESS_KEY_ID: new Secret("backup.key") },
      paths: ["/srv/data"],
      exclude: ["/srv/data/tmp"],
      keep: { daily: 2 },
      before: [["/bin/sh", "-c", "echo dumped 100% $HOME >/srv/data/dump"]],
      after: [["touch", "/run/backed up"]],
    }),
    // restic takes the keys of a store from its environment.
    mayHold: /^(\/usr\/bin\/)?restic /,
    secrets: { "backup.password": "correct horse", "backup.key": "AKIA/not+real=" },
    shows: {
      "systemctl start slipway-restic-data || journalctl -u slipway-restic-data | cat; systemctl show -P Result slipway-restic-data":
        "success",
      [`(${env}; restic -q snapshots --json | grep -o '"paths":\\[[^]]*\\]')`]: '"paths":["/srv/data"]',
      [`(${env}; restic -q restore latest --target /srv/restored >/dev/null; diff -r --exclude tmp /srv/data /srv/restored/srv/data && ls /srv/restored/srv/data)`]:
        "dump\nodd",
      "ls '/run/backed up'": "/run/backed up",
      "systemctl start slipway-restic-data-check; systemctl show -P Result slipway-restic-data-check": "success",
      "stat -c %a /etc/slipway/restic/data.env /etc/slipway/restic/data.password": "600\n600",
      "systemctl is-active slipway-restic-data.timer slipway-restic-data-check.timer": "active\nactive",
      "grep -r 'correct horse\\|AKIA' /etc/systemd /run/systemd; systemctl show slipway-restic-data | grep -c AKIA":
        "0",
    },
    afterwards: {
      "ls -R /etc/slipway /etc/systemd/system 2>/dev/null | grep -c 'slipway-restic\\|data.env\\|data.password'": "0",
      "ls /srv/repository/snapshots | wc -l": "1",
    },
    cleanup: "rm -rf /srv/data /srv/repository /srv/restored '/run/backed up'",
  },
});
