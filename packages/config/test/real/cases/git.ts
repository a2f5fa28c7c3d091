import { generateKeyPairSync } from "node:crypto";
import { Secret } from "@slipway/model";
import { git } from "../../../src/index.ts";
import { cases } from "../harness.ts";
import { commits, makeRepository } from "../support/repository.ts";

const key = generateKeyPairSync("rsa", { modulusLength: 2048 })
  .privateKey.export({ type: "pkcs1", format: "pem" })
  .toString();

export default cases({
  "git.clone at a commit": {
    before: makeRepository("/srv/source"),
    property: git.clone("file:///srv/source", { at: { commit: commits.one }, to: "/srv/app/code" }),
    shows: {
      "cat /srv/app/code/text": "one",
      "git -C /srv/app/code status": new RegExp(`HEAD detached at ${commits.one.slice(0, 7)}\nnothing to commit`),
    },
    cleanup: "rm -rf /srv/app /srv/source",
  },
  "git.clone over SSH with a deploy key, at a tag, for a user": {
    before: `(${makeRepository("/srv/source")})
useradd -m ada && useradd -m hoster
umask 077
cat >/run/key <<'END'
${key}END
chown -R hoster: /srv/source
install -d -o hoster -g hoster -m 700 /home/hoster/.ssh
ssh-keygen -y -f /run/key >/home/hoster/.ssh/authorized_keys
chown hoster: /home/hoster/.ssh/authorized_keys
printf '127.0.0.1 %s\\n' "$(cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub)" >/etc/ssh/ssh_known_hosts
chmod 644 /etc/ssh/ssh_known_hosts`,
    property: git.clone("ssh://hoster@127.0.0.1/srv/source", {
      at: { tag: "v2" },
      to: "/srv/app",
      owner: "ada",
      deployKey: new Secret("deploy-key"),
    }),
    secrets: { "deploy-key": key },
    shows: {
      "cat /srv/app/text; stat -c %U /srv/app/text /srv/app/.git/HEAD": "two\nada\nada",
      "stat -c '%a %U' /etc/slipway/git/*.key": "600 ada",
    },
    cleanup: "rm -rf /srv/app /srv/source /run/key /etc/ssh/ssh_known_hosts; userdel -r ada; userdel -r hoster",
  },
});
