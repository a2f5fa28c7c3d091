import { createHash } from "node:crypto";
import { ssh as connectBySsh } from "@slipway/connection";
import { type Machine, startMachine } from "@slipway/machines";
import { type AnyProperty, type Connection, debian, type Host, revert, Secret } from "@slipway/model";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ApplyOptions, apply, docker, formatReport, type Report, swarm } from "../src/index.ts";

const machines: Machine[] = [];
const connections: Connection[] = [];

async function start(name: string): Promise<Connection> {
  const machine = await startMachine({ name, distro: "debian-12" });
  machines.push(machine);
  const { address, port, user, hostKey, privateKey } = machine;
  const connection = await connectBySsh(
    { host: name, address, port, user, hostKeys: [hostKey.sha256] },
    { privateKey },
  );
  connections.push(connection);
  return connection;
}

let first: Connection;
let second: Connection;
let address: string;
beforeAll(async () => {
  [first, second] = await Promise.all([start("swarm-1"), start("swarm-2")]);
  address = machines.find((one) => one.name === "swarm-1")?.address ?? "";
});
afterAll(async () => {
  for (const one of [...connections, ...machines]) await one[Symbol.asyncDispose]();
});

async function make(connection: Connection, has: AnyProperty, options: ApplyOptions = {}): Promise<Report> {
  const distro = debian("12");
  const host: Host = {
    name: "h",
    os: "debian",
    distro,
    on: { provider: "test", spec: {} },
    has: [has],
    can: () => true,
  };
  // Each property is a host of its own to the engine, or it would take back what the one before brought.
  const state = createHash("sha256").update(has.title).digest("hex");
  const report = await apply(host, connection, { ...options, stateFolder: `/var/lib/slipway/${state}` });
  expect(report.failed + report.blocked, formatReport(report)).toBe(0);
  return report;
}
const run = async (connection: Connection, script: string): Promise<string> =>
  (await connection.exec(["sh", "-c", script])).stdout.trim();

test("a manager, a worker that joins with a secret token, labels, and leaving again", async () => {
  await Promise.all([make(first, docker.installed), make(second, docker.installed)]);
  const manager = swarm.manager({ advertise: address });
  expect((await make(first, manager)).changed).toBe(1);
  expect(await make(first, manager)).toMatchObject({ changed: 0, roundTrips: 1 });
  const token = await run(first, "docker swarm join-token --quiet worker");
  expect(token).toMatch(/^SWMTKN-/);
  // Every argument of every process of the host, for as long as it joins.
  await run(
    second,
    'systemd-run -q --unit watch sh -c \'while :; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" "\\n" | grep -a ^SWMTKN- && touch /run/leaked; done\'',
  );
  const told: string[] = [];
  const options: ApplyOptions = {
    secrets: { reveal: async () => token },
    onEvent: (event) => told.push(JSON.stringify(event)),
  };
  const worker = swarm.worker({ joins: address, token: new Secret("swarm.token") });
  const report = await make(second, worker, options);
  expect(report.changed).toBe(1);
  expect(await run(second, "systemctl stop watch; ls /run/leaked 2>&1 | grep -c 'No such file'")).toBe("1");
  expect(JSON.stringify([told, report])).not.toContain(token);
  expect(await make(second, worker, options)).toMatchObject({ changed: 0, roundTrips: 1 });
  // A manager knows a worker before it has heard from it.
  const workers = "docker node ls -f role=worker --format '{{.Hostname}} {{.Status}}'";
  await expect.poll(() => run(first, workers), { timeout: 30_000 }).toBe("swarm-2 Ready");
  const labels = swarm.labels("swarm-2", { disk: "fast", zone: "a b" });
  expect((await make(first, labels)).changed).toBe(1);
  expect(await make(first, labels)).toMatchObject({ changed: 0, roundTrips: 1 });
  expect(await run(first, "docker node inspect -f '{{json .Spec.Labels}}' swarm-2")).toBe(
    '{"disk":"fast","zone":"a b"}',
  );
  expect((await make(first, revert(labels))).changed).toBe(1);
  expect(await run(first, "docker node inspect -f '{{json .Spec.Labels}}' swarm-2")).toBe("{}");
  expect((await make(second, revert(worker))).changed).toBe(1);
  expect(await run(second, "docker info -f '{{.Swarm.LocalNodeState}}'")).toBe("inactive");
});

test("a wrong token is a failure that does not show it", async () => {
  const wrong = "SWMTKN-1-0000000000000000000000000000000000000000000000000-0000000000000000000000000";
  const worker = swarm.worker({ joins: address, token: new Secret("swarm.token") });
  const thrown: unknown = await make(second, worker, { secrets: { reveal: async () => wrong } }).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(String(thrown)).toContain("token");
  expect(String(thrown)).not.toContain(wrong);
});
