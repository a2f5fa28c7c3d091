import { randomBytes } from "node:crypto";
import { apply, apt, file, systemd, user } from "@slipway/config";
import { ssh } from "@slipway/connection";
import { localDocker } from "@slipway/connection/docker";
import { type Machine, startMachine } from "@slipway/machines";
import { debian, host, Secret, systemClock } from "@slipway/model";
import { afterAll, expect, test } from "vitest";
import { bake, bakedLabels } from "../src/platform/bake.ts";

const image = `slipway-test/bake:${randomBytes(4).toString("hex")}`;
const machine = { provider: "test", spec: {} };
const unit = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n";
const baked = host("baked", {
  on: machine,
  os: debian("12"),
  has: [
    apt.installed("jq"),
    user.account("ada", { shell: "/bin/sh" }),
    file.content("/etc/baked", "by the oven\n"),
    systemd.running("oven").requires(systemd.unit("oven.service", unit)),
  ],
});
const base = { image, clock: systemClock, signal: AbortSignal.timeout(300_000) };

afterAll(async () => {
  const engine = await localDocker();
  await engine
    .getImage(image)
    .remove({ force: true })
    .catch(() => undefined);
});

const on = async (of: Machine) =>
  await ssh(
    { host: of.name, address: of.address, port: of.port, user: "root", hostKeys: [of.hostKey.sha256] },
    { privateKey: of.privateKey },
  );

test("a machine that starts from a baked image needs no change, and is a machine of its own", async () => {
  const made = await bake(baked, base);
  expect(made).toMatchObject({ image, host: "baked" });
  const engine = await localDocker();
  const { Config } = await engine.getImage(image).inspect();
  expect(Config.Labels).toMatchObject({ [bakedLabels.host]: "baked", [bakedLabels.digest]: made.digest });
  const left = await engine.listContainers({ all: true, filters: { label: ["slipway.bake=baked"] } });
  expect(left).toEqual([]);

  await using one = await startMachine({ name: "baked", image });
  await using two = await startMachine({ name: "baked", image });
  const ids: string[] = [];
  for (const each of [one, two]) {
    await using connection = await on(each);
    const report = await apply(baked, connection);
    expect(report).toMatchObject({ changed: 0, failed: 0, kept: 0, roundTrips: 1 });
    const seen = await connection.exec([
      "sh",
      "-c",
      "cat /etc/machine-id; ls /etc/ssh | grep -c 'host_.*_key$'; hostname; systemctl is-active oven; systemctl --failed --no-legend | wc -l",
    ]);
    const [id = "", keys, name, oven, failed] = seen.stdout.trim().split("\n");
    expect([keys, name, oven, failed]).toEqual(["1", "baked", "active", "0"]);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    ids.push(id);
  }
  expect(ids[0]).not.toBe(ids[1]);
});

test("secrets are not baked unless that is said, and nothing is kept of a host that fails", async () => {
  const secretive = { ...baked, has: [file.content("/etc/key", new Secret("api.key"))] };
  await expect(bake(secretive, base)).rejects.toMatchObject({
    code: "ops.bake-secrets",
    message: expect.stringContaining("api.key"),
  });
  const other = `${image}-broken`;
  const broken = { ...baked, has: [file.content("/etc/baked/inside", "x", { owner: "nobody-there" })] };
  await expect(bake(broken, { ...base, image: other })).rejects.toMatchObject({ code: "ops.bake-failed" });
  await expect((await localDocker()).getImage(other).inspect()).rejects.toMatchObject({ statusCode: 404 });
});
