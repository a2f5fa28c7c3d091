import { Secret } from "@slipway/model";
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
  "file.directory": {
    property: file.directory("/srv/deep/er", { mode: "2770", group: "adm" }),
    shows: { "stat -c '%a %U:%G' /srv/deep/er": "2770 root:adm" },
  },
});
