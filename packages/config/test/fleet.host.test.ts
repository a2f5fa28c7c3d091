import { container, ssh } from "@slipway/connection";
import { localDocker } from "@slipway/connection/docker";
import { type Machine, startMachine } from "@slipway/machines";
import {
  type AnyProperty,
  type CheckInfo,
  type Connection,
  debian,
  derived,
  everyOs,
  type Host,
  type HostInfo,
  hostInfo,
  telling,
} from "@slipway/model";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  apply,
  applyAll,
  type FleetOptions,
  type FleetTarget,
  facts,
  file,
  formatFleet,
  look,
  systemd,
  user,
} from "../src/index.ts";

const names = ["one", "two", "three"] as const;
let machines: readonly Machine[] = [];
beforeAll(async () => {
  machines = await Promise.all(names.map((name) => startMachine({ name })));
});
afterAll(async () => {
  await Promise.all(machines.map((machine) => machine[Symbol.asyncDispose]()));
});

const machineOf = (name: string): Machine => {
  const found = machines.find((machine) => machine.name === name);
  if (found === undefined) throw new Error(`no machine ${name}`);
  return found;
};
const connect = (name: string): Promise<Connection> => {
  const { address, port, hostKey, privateKey } = machineOf(name);
  return ssh({ host: name, address, port, user: "root", hostKeys: [hostKey.sha256] }, { privateKey });
};
const run = async (name: string, script: string): Promise<string> => {
  await using connection = await connect(name);
  return (await connection.exec(["sh", "-c", script])).stdout.trim();
};
const hostWith = (name: string, ...has: AnyProperty[]): Host => ({
  name,
  os: "debian",
  distro: debian("12"),
  on: { provider: "test", spec: {} },
  has,
  can: () => true,
});
const check = (title: string, what: CheckInfo["check"]): CheckInfo => ({ kind: "check", title, check: what });

/** A service that answers on port 8080, from what every Debian has; `/opt/broken` keeps it from starting. */
const answer = String.raw`#!/usr/bin/perl
use IO::Socket::INET;
my $s = IO::Socket::INET->new(LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die;
while (my $c = $s->accept) {
  while (<$c>) { last if /^\r/ }
  print $c "HTTP/1.0 200 OK\r\n\r\n";
  close $c;
}
`;
const unit = `[Unit]
ConditionPathExists=!/opt/broken
[Service]
ExecStart=/opt/answer
[Install]
WantedBy=multi-user.target
`;
const service = telling(
  systemd
    .running("answer")
    .requires(systemd.unit("answer.service", unit).requires(file.content("/opt/answer", answer, { mode: "0755" }))),
  check("the service runs", { type: "unit", unit: "answer.service" }),
  check("its port answers", { type: "tcp", port: 8080 }),
  check("it says yes", { type: "url", url: "http://localhost:8080/", status: 200 }),
);
const others = derived("the others are known", everyOs, ({ hosts }) =>
  file.content("/etc/others", hosts.map((one) => `${one.name} ${one.address}\n`).join("")),
);
const listed = (version: string): readonly AnyProperty[] => [
  file.content("/etc/version", `${version}\n`),
  service,
  others,
];

const fleet = (version: string, only: readonly string[] = names): readonly FleetTarget[] => {
  const hosts = names.map((name) => hostWith(name, ...listed(version)));
  const infos = hosts.map((host): HostInfo => ({ ...hostInfo(host), address: machineOf(host.name).address }));
  return hosts.flatMap((host, index) => {
    const self = infos[index];
    if (self === undefined || !only.includes(host.name)) return [];
    return [{ host, connect: () => connect(host.name), around: { self, hosts: infos } }];
  });
};
const roll = (targets: readonly FleetTarget[], options: FleetOptions = {}) =>
  applyAll(targets, { wellWithin: "15s", ...options });
const outcomes = (result: Awaited<ReturnType<typeof roll>>) => result.hosts.map((one) => one.outcome);

test("three hosts with a canary; then one that breaks, the threshold, and the rest again", async () => {
  const first = await roll(fleet("1"), { canary: 1 });
  expect(outcomes(first), formatFleet(first)).toEqual(["done", "done", "done"]);
  expect(await run("three", "cat /etc/others")).toBe(
    names.map((name) => `${name} ${machineOf(name).address}`).join("\n"),
  );
  const again = await roll(fleet("1"));
  expect(again.hosts.map((one) => one.report?.changed)).toEqual([0, 0, 0]);
  expect(again.hosts.map((one) => one.report?.roundTrips)).toEqual([1, 1, 1]);

  // A canary whose property fails: nothing is done to the others.
  await run("one", "chattr +i /etc/version 2>/dev/null || { rm /etc/version; mkdir -p /etc/version/x; }");
  const stopped = await roll(fleet("2"), { canary: 1, atOnce: 1 });
  expect(outcomes(stopped), formatFleet(stopped)).toEqual(["failed", "not begun", "not begun"]);
  expect(stopped.gaveUp).toBe("the canary one failed");
  expect(await run("two", "cat /etc/version")).toBe("1");
  await run("one", "chattr -i /etc/version 2>/dev/null; rm -rf /etc/version");

  // The service of the second one does not start: the third is held back.
  await run("two", "touch /opt/broken && systemctl stop answer");
  const gated = await roll(fleet("3"), { atOnce: 1, wellWithin: "1s" });
  expect(outcomes(gated), formatFleet(gated)).toEqual(["done", "failed", "not begun"]);
  expect(formatFleet(gated)).toContain("two");
  expect(await run("three", "cat /etc/version")).toBe("1");

  // Only what was left, once it is mended.
  await run("two", "rm /opt/broken");
  const left = gated.hosts.filter((one) => one.outcome !== "done").map((one) => one.host);
  const retried = await roll(fleet("3", left), { atOnce: 1 });
  expect(outcomes(retried), formatFleet(retried)).toEqual(["done", "done"]);
  expect(await Promise.all(names.map((name) => run(name, "cat /etc/version")))).toEqual(["3", "3", "3"]);
});

test("a service that died after its start is not well, with what was seen of unit, port and address", async () => {
  const [target] = fleet("3", ["three"]);
  if (target === undefined) throw new Error("no target");
  const result = await applyAll([target], {
    wellWithin: "1s",
    after: async (_, connection) => {
      await connection.exec(["systemctl", "stop", "answer"]);
      return ["answer is stopped"];
    },
  });
  expect(result.hosts[0]?.outcome).toBe("failed");
  expect(result.hosts[0]?.why).toMatch(
    /^it is not well: unit answer\.service is inactive; tcp port 8080 does not answer: .*; http:\/\/localhost:8080\/ does not answer: /,
  );
  expect(formatFleet(result)).toContain("  + answer is stopped\n  x it is not well");
  await run("three", "systemctl start answer");
});

test("a container is a target as good as one over SSH", async () => {
  await using inside = container(await localDocker(), machineOf("two").id);
  const host = hostWith("two", ...listed("3"), user.account("ada"), file.content("/etc/inside", "yes\n"));
  const target = fleet("3", ["two"])[0];
  const options = { removed: "keep", ...(target?.around === undefined ? {} : { around: target.around }) } as const;
  const made = await apply(host, inside, options);
  expect(made).toMatchObject({ failed: 0, blocked: 0, changed: 2 });
  expect(await apply(host, inside, options)).toMatchObject({ changed: 0, roundTrips: 1 });
  const seen = await look(inside, {
    os: facts.os,
    virtualization: facts.virtualization,
    addresses: facts.addresses,
    disks: facts.disks,
    uptime: facts.uptime,
  });
  expect(seen).toMatchObject({ os: { id: "debian", version: "12" }, virtualization: "docker" });
  expect(seen.addresses.map((one) => one.address)).toContain(machineOf("two").address);
  expect(seen.disks[0]?.mount).toBe("/");
});
