import { hosts } from "../../../src/index.ts";
import { cases } from "../harness.ts";

export default cases({
  "hosts.knows": {
    property: hosts.knows({ "db.example.org": "192.0.2.5", "db6.example.org": "2001:db8::5" }),
    shows: {
      "getent hosts db.example.org": /^192\.0\.2\.5 /,
      "getent hosts db6.example.org": /^2001:db8::5 /,
      "getent hosts localhost": /localhost/,
    },
    afterwards: { "getent hosts db.example.org; echo $?": "2" },
  },
  "hosts.knowsPlatform": {
    property: hosts.knowsPlatform,
    hosts: [
      {
        name: "edge",
        os: "debian",
        version: "12",
        address: "192.0.2.9",
        info: [{ kind: "name", name: "shop.example.org" }],
      },
    ],
    shows: { "getent hosts edge": /^192\.0\.2\.9 /, "getent hosts shop.example.org": /^192\.0\.2\.9 / },
    afterwards: { "getent hosts edge; echo $?": "2" },
  },
});
