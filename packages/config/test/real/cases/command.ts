import { Secret, secretText } from "@slipway/model";
import { command } from "../../../src/index.ts";
import { cases } from "../harness.ts";

export default cases({
  "command.run": {
    property: command
      .run({
        title: "the marker is there",
        holds: ["test", "-e", "/srv/marker"],
        run: ["sh", "-c", 'cat; touch "$1"', "mark", "/srv/marker"],
        undo: ["rm", "/srv/marker"],
        reads: ["file:/srv/marker"],
        writes: ["file:/srv/marker"],
      })
      .describe("marked"),
    shows: { "ls /srv/marker": "/srv/marker" },
    cleanup: "rm -f /srv/marker",
  },
  "command.run with undo": {
    property: command.run({
      title: "there is a marker",
      holds: ["test", "-e", "/srv/marker"],
      run: ["touch", "/srv/marker"],
      undo: ["rm", "/srv/marker"],
    }),
    shows: { "ls /srv/marker": "/srv/marker" },
    afterwards: { "ls /srv/marker": /No such file/ },
  },
  "command.run with a secret": {
    property: command
      .run({
        title: "the password is known",
        holds: ["grep", "-q", ".", "/srv/password"],
        run: ["sh", "-c", "umask 077; cat >/srv/password"],
        input: secretText`it is ${new Secret("app.password")}`,
      })
      .onChange(command.action("it is counted", ["sh", "-c", "wc -c </srv/password >/srv/count"])),
    secrets: { "app.password": "staple battery horse" },
    shows: { "cat /srv/password": "it is staple battery horse", "cat /srv/count": "26" },
    cleanup: "rm -f /srv/password /srv/count",
  },
});
