import { ssh as connectBySsh } from "@slipway/connection";
import { generateSshKey, startMachine } from "@slipway/machines";
import { debian, type Host, Secret } from "@slipway/model";
import { expect, test } from "vitest";
import { apply, ssh } from "../src/index.ts";

test("ssh.hostKey: a key that nobody knows is taken back by the host", async () => {
  await using machine = await startMachine({ name: "lockout" });
  const { name, address, port, user, hostKey, privateKey } = machine;
  await using connection = await connectBySsh(
    { host: name, address, port, user, hostKeys: [hostKey.sha256] },
    { privateKey },
  );
  const other = generateSshKey("other");
  const host: Host = {
    name,
    os: "debian",
    distro: debian("12"),
    on: { provider: "test", spec: {} },
    has: [ssh.hostKey(other.publicKey, new Secret("key"))],
    can: () => true,
  };
  const report = await apply(host, connection, { secrets: { reveal: async () => other.privateKey } });
  expect(report.failed).toBeGreaterThan(0);
  expect(JSON.stringify(report)).toContain("the host took it back");
  const { stdout } = await connection.exec(["cat", "/etc/ssh/ssh_host_ed25519_key.pub"]);
  expect(stdout).toContain(hostKey.raw);
});
