import { group } from "../../../src/index.ts";
import { cases } from "../harness.ts";

export default cases({
  "group.exists": {
    property: group.exists("ops", { gid: 4321 }),
    shows: { "getent group ops": "ops:x:4321:" },
    afterwards: { "getent group ops; echo $?": "2" },
  },
  "group.members": {
    before: "groupadd ops; useradd ada; useradd bob; gpasswd -a bob ops",
    property: group.members("ops", ["ada"], { exactly: true }),
    shows: { "getent group ops | cut -d: -f4": "ada" },
    afterwards: { "getent group ops | cut -d: -f4": "" },
    cleanup: "groupdel ops; userdel ada; userdel bob",
  },
});
