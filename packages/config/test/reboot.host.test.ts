import { ssh as connectBySsh } from "@slipway/connection";
import { startMachine } from "@slipway/machines";
import { type AnyProperty, debian, type Host } from "@slipway/model";
import { expect, test } from "vitest";
import { apply, file, formatReport, reboot } from "../src/index.ts";

const hostWith = (...has: AnyProperty[]): Host => ({
  name: "reboot",
  os: "debian",
  distro: debian("12"),
  on: { provider: "test", spec: {} },
  has,
  can: () => true,
});

test("a machine that a package asks for is started anew, once, and the run goes on", async () => {
  await using machine = await startMachine({ name: "reboot" });
  const { name: host, address, port, user, hostKey, privateKey } = machine;
  const login = { host, address, port, user, hostKeys: [hostKey.sha256] };
  const list = hostWith(reboot.ifNeeded(), file.content("/root/after", "after\n"));
  {
    await using connection = await connectBySsh(login, { privateKey });
    await connection.exec(["touch", "/run/reboot-required", "/run/slipway-before"]);
    const closed = await apply(hostWith(reboot.ifNeeded({ when: ["00:00", "00:00"] })), connection);
    expect(closed, formatReport(closed)).toMatchObject({ changed: 0, skipped: 1 });
    const report = await apply(list, connection);
    expect(report, formatReport(report)).toMatchObject({ changed: 2, failed: 0, blocked: 0 });
  }
  await using connection = await connectBySsh(login, { privateKey });
  const left = await connection.exec(["ls", "/run/slipway-before", "/run/reboot-required", "/root/after"]);
  expect(left.stdout.trim()).toBe("/root/after");
  expect(await apply(list, connection)).toMatchObject({ changed: 0, failed: 0, roundTrips: 1 });
});
