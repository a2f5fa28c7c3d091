import { configure } from "@slipway/config";
import { ssh } from "@slipway/connection";
import { startMachine } from "@slipway/machines";
import { expect, test } from "vitest";
import example from "../../docs/examples/ci-host/ops.config.ts";

test("the host of the documents is made as they say", async () => {
  const [ci] = example.hosts;
  if (ci === undefined) throw new Error("the example has no host");
  await using machine = await startMachine({ name: "ci" });
  const { address, port, user, hostKey, privateKey } = machine;
  await using connection = await ssh({ host: "ci", address, port, user, hostKeys: [hostKey.sha256] }, { privateKey });
  await configure(ci, connection);
  const prints = async (...command: [string, ...string[]]): Promise<string> =>
    (await connection.exec(command)).stdout.trim();
  expect(await prints("cat", "/etc/default/locale")).toBe("LANG=en_US.UTF-8");
  expect(await prints("locale", "-a")).toContain("en_US.utf8");
  expect(await prints("date", "+%Z %z")).toBe("+08 +0800");
  expect(await prints("systemctl", "is-active", "systemd-timesyncd", "docker")).toBe("active\nactive");
  expect(await prints("git", "--version")).toMatch(/^git version 2\./);
  expect(await prints("docker", "version", "--format", "{{.Server.Version}}")).toMatch(/^\d+\./);
  expect(await prints("docker-compose", "version", "--short")).toMatch(/^\d+\./);
  expect(await configure(ci, connection)).toMatchObject({ changed: 0, roundTrips: 1 });
});
