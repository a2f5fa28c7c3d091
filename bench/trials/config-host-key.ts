import { apply, file } from "@slipway/config";
import { ssh } from "@slipway/connection";
import { debian, host, type SshAddress } from "@slipway/model";
import { generateSshKey } from "@slipway/provision/ssh-key";
import { codeOf, countOr, Tally, watchedHost } from "./support.ts";

// A host that shows a key which is not pinned gets to see nothing: no user name, no key, no command.
const count = countOr(20);
const tally = new Tally();
const other = generateSshKey("other");
const small = host("key", {
  os: debian("12"),
  on: { provider: "trial", spec: {} },
  has: [file.content("/etc/applied", "yes\n")],
});

await using watched = await watchedHost("key");
const { machine, address } = watched;
await watched.run("echo 'LogLevel DEBUG3' >/etc/ssh/sshd_config.d/debug.conf; systemctl restart ssh");
/** How often sshd was asked to let somebody in, by its own account. */
const asked = async (): Promise<number> =>
  Number(
    await watched.run("journalctl --sync; journalctl -u ssh -o cat | grep -c 'userauth-request for user' || true"),
  );

const tries = async (name: string, at: SshAddress, wanted: string): Promise<void> => {
  const before = await asked();
  for (let index = 0; index < count; index += 1) {
    let outcome = "applied";
    try {
      await using connection = await ssh(at, { privateKey: machine.privateKey });
      await apply(small, connection);
    } catch (error) {
      outcome = codeOf(error);
    }
    tally.add(`${name}: ${outcome}`);
    if (outcome !== wanted) tally.add("not as wanted");
  }
  const times = (await asked()) - before;
  process.stdout.write(`${name}: sshd was asked to authenticate ${times} times\n`);
  if (wanted === "applied" ? times < count : times > 0) tally.add("authentication at the wrong time");
};

await tries("unknown", { ...address, hostKeys: [] }, "connection.host-key");
await tries("changed", { ...address, hostKeys: [other.sha256] }, "connection.host-key");
await watched
  .run("ls -l /etc/applied 2>/dev/null || true")
  .then((there) => there !== "" && tally.add("something was applied"));
await tries("pinned, the control", address, "applied");
// Renewed, as after the first login; whoever has only the old key refuses the new one, and an address with the new refuses the old.
await watched.run(
  "mkdir /root/revoked; mv /etc/ssh/ssh_host_* /root/revoked; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key; systemctl restart ssh",
);
const renewed = await watched.run(
  "cut -d ' ' -f 2 /etc/ssh/ssh_host_ed25519_key.pub | base64 -d | sha256sum | cut -d ' ' -f 1",
);
await tries("the old pin of a renewed key", address, "connection.host-key");
await tries("the new pin, the control", { ...address, hostKeys: [renewed] }, "applied");
await tries(
  "two pins while it is renewed, the control",
  { ...address, hostKeys: [machine.hostKey.sha256, renewed] },
  "applied",
);
// An impostor that kept the key which was revoked.
await watched.run("cp -a /root/revoked/ssh_host_ed25519_key* /etc/ssh/; systemctl restart ssh");
await tries("revoked", { ...address, hostKeys: [renewed] }, "connection.host-key");
tally.print(["not as wanted", "authentication at the wrong time", "something was applied"]);
