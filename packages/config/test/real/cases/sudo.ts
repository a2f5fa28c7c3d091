import { sudo } from "../../../src/index.ts";
import { cases } from "../harness.ts";

export default cases({
  "sudo.allows": {
    before: "useradd -m deploy",
    property: sudo.allows("deploy", { commands: ["/usr/bin/id -u", "/usr/bin/printf a:b=c"] }),
    shows: {
      "runuser -u deploy -- sudo -n /usr/bin/id -u": "0",
      "runuser -u deploy -- sudo -n /usr/bin/printf a:b=c": "a:b=c",
      "runuser -u deploy -- sudo -n /usr/bin/id": /a password is required/,
    },
    afterwards: { "runuser -u deploy -- sudo -n /usr/bin/id -u": /a password is required/ },
    cleanup: "userdel -rf deploy",
  },
});
