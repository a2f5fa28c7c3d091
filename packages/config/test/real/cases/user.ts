import { user } from "../../../src/index.ts";
import { cases } from "../harness.ts";

export default cases({
  "user.account": {
    property: user.account("deploy", { groups: ["adm"] }),
    shows: { "id -nG deploy": "deploy adm", "getent passwd deploy | cut -d: -f6,7": "/home/deploy:/bin/bash" },
    afterwards: { "id deploy": /no such user/ },
    cleanup: "rm -rf /home/deploy",
  },
});
