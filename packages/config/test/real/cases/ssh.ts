import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateSshKey } from "@slipway/machines";
import { Secret } from "@slipway/model";
import { ssh, user } from "../../../src/index.ts";
import { cases } from "../harness.ts";

const pair = generateSshKey("pair");
// Of another type than the one that the test knows the host by: who loses that one is locked out, and the host takes it back.
const hostKey = ((): { readonly publicKey: string; readonly privateKey: string } => {
  const folder = mkdtempSync(join(tmpdir(), "host-key-"));
  const path = join(folder, "key");
  execFileSync("ssh-keygen", ["-q", "-t", "ecdsa", "-N", "", "-C", "another", "-f", path]);
  const made = { publicKey: readFileSync(`${path}.pub`, "utf8").trim(), privateKey: readFileSync(path, "utf8") };
  rmSync(folder, { recursive: true });
  return made;
})();
const publicWords = (key: string): string => key.split(" ").slice(0, 2).join(" ");
const said = (keyword: string): string => `sshd -T | grep '^${keyword} '`;

export default cases({
  "ssh.hardened": {
    property: ssh.hardened,
    shows: {
      [said("passwordauthentication")]: "passwordauthentication no",
      [said("maxauthtries")]: "maxauthtries 4",
    },
    afterwards: { [said("passwordauthentication")]: "passwordauthentication yes" },
  },
  "ssh.settings": {
    property: ssh.settings({ Port: [22, 2222], AllowUsers: ["root"], ClientAliveInterval: 60, LogLevel: "VERBOSE" }),
    shows: {
      [said("loglevel")]: "loglevel VERBOSE",
      "echo | timeout 5 bash -c 'exec 3<>/dev/tcp/127.0.0.1/2222; head -c 7 <&3'": "SSH-2.0",
    },
    afterwards: { [said("port")]: "port 22" },
  },
  "ssh.rootLogin": {
    before: "echo 'PermitRootLogin yes' >/etc/ssh/sshd_config.d/50-other.conf; systemctl reload ssh",
    property: ssh.rootLogin("with a key"),
    shows: { [said("permitrootlogin")]: /^permitrootlogin (without|prohibit)-password$/ },
    afterwards: { [said("permitrootlogin")]: "permitrootlogin yes" },
    cleanup: "rm /etc/ssh/sshd_config.d/50-other.conf; systemctl reload ssh",
  },
  "ssh.hostKeys": {
    property: ssh.hostKeys("ed25519", "ecdsa"),
    shows: {
      "ssh-keyscan -t rsa,ecdsa,ed25519 127.0.0.1 2>/dev/null | grep -v '^#' | cut -d' ' -f2 | sort":
        "ecdsa-sha2-nistp256\nssh-ed25519",
    },
    cleanup: "rm /etc/ssh/ssh_host_ecdsa_key*",
  },
  "ssh.hostKey": {
    property: ssh.hostKey(hostKey.publicKey, new Secret("h.host-key")),
    secrets: { "h.host-key": hostKey.privateKey },
    open: `${hostKey.publicKey} -----BEGIN OPENSSH PRIVATE KEY-----`,
    shows: {
      "ssh-keyscan -t ecdsa 127.0.0.1 2>/dev/null | grep -v '^#' | cut -d' ' -f2,3": publicWords(hostKey.publicKey),
      "stat -c %a /etc/ssh/ssh_host_ecdsa_key": "600",
    },
    cleanup: "rm /etc/ssh/ssh_host_ecdsa_key*; systemctl reload ssh",
  },
  "ssh.knows": {
    property: ssh.knows("[git.example.org]:2222", hostKey.publicKey),
    shows: {
      "ssh-keygen -F '[git.example.org]:2222' -f /etc/ssh/ssh_known_hosts | tail -1": `[git.example.org]:2222 ${hostKey.publicKey.trim()}`,
    },
    afterwards: { "cat /etc/ssh/ssh_known_hosts": "" },
  },
  // A host that knows itself, and a user whose key it was given, log in without a question.
  "ssh.knownHosts": {
    before: "cp /root/.ssh/authorized_keys /root/keys",
    property: ssh.knownHosts.requires(user.keyPair("root", pair.publicKey, new Secret("root.key"))),
    secrets: { "root.key": pair.privateKey },
    shows: {
      "cat /root/.ssh/id_ed25519.pub >>/root/.ssh/authorized_keys; ssh -o BatchMode=yes $(ip -4 route get 192.0.2.1 | grep -o 'src [0-9.]*' | cut -d' ' -f2) echo in":
        "in",
    },
    cleanup: "mv /root/keys /root/.ssh/authorized_keys; rm -f /root/.ssh/id_*; rm /etc/ssh/ssh_known_hosts",
  },
});
