import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { local } from "@slipway/connection";
import {
  type AnyProperty,
  type CheckInfo,
  debian,
  everyOs,
  type Host,
  property,
  Secret,
  SlipwayError,
  telling,
} from "@slipway/model";
import { afterEach, beforeEach, expect, test } from "vitest";
import { failingChecks } from "../src/fleet/checks.ts";
import { applyAll, type FleetEvent, type FleetTarget, facts, file, formatFleet, look, masker } from "../src/index.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-fleet-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});
const owner = userInfo().username;
const at = (name: string): string => join(folder, name);
const hostWith = (name: string, ...has: AnyProperty[]): Host => ({
  name,
  os: "debian",
  distro: debian("12"),
  on: { provider: "test", spec: {} },
  has,
  can: () => true,
});
const target = (host: Host, more: Partial<FleetTarget> = {}): FleetTarget => ({
  host,
  connect: async () => local(),
  ...more,
});
const written = (name: string, text = "x\n") => file.content(at(name), text, { owner });
const broken = property("it holds", {
  on: everyOs,
  observe: { read: ["true"], parse: () => false },
  plan: (holds) => (holds ? [] : [["false"]]),
});
const options = () => ({ stateFolder: at("state"), lockWaitSeconds: 60 });

test("every host is done, or failed and why, or not begun", async () => {
  const events: FleetEvent[] = [];
  const refusing = {
    connect: () => Promise.reject(new SlipwayError({ code: "connection.refused", message: "no", hint: "look" })),
  };
  const result = await applyAll(
    [
      target(hostWith("a", written("a"))),
      target(hostWith("b", broken)),
      target(hostWith("c"), refusing),
      target(hostWith("d", written("d"))),
    ],
    { ...options(), atOnce: 1, giveUpAfter: 2, removed: "keep", onEvent: (event) => events.push(event) },
  );
  expect(result.hosts.map((one) => [one.host, one.outcome, one.code])).toEqual([
    ["a", "done", undefined],
    ["b", "failed", undefined],
    ["c", "failed", "connection.refused"],
    ["d", "not begun", undefined],
  ]);
  expect(result.gaveUp).toBe("2 of 4 hosts failed");
  expect(events.filter((event) => event.type === "ended").map((event) => `${event.host} ${event.outcome}`)).toEqual([
    "a done",
    "b failed",
    "c failed",
  ]);
  const text = formatFleet(result);
  expect(text).toContain("c: no\n      look\nd: not begun\ngave up: 2 of 4 hosts failed");
  expect(text).toMatch(/4 hosts: 1 done, 2 failed, 1 not begun in /);
});

test("without batches nothing of one host stops another", async () => {
  const result = await applyAll(
    [target(hostWith("a", broken)), target(hostWith("b", written("b"))), target(hostWith("c", broken))],
    { stateFolder: at("state"), lockWaitSeconds: 60, removed: "keep" },
  );
  expect(result.hosts.map((one) => one.outcome)).toEqual(["failed", "done", "failed"]);
  expect(readFileSync(at("b"), "utf8")).toBe("x\n");
});

test("what can be found wrong without a host is found before any is connected to, all of it at once", async () => {
  let connected = 0;
  const connect = async () => {
    connected += 1;
    return local();
  };
  const port = (ofWhom: string) =>
    telling(written(ofWhom), { kind: "port", port: 80, protocol: "tcp", owner: ofWhom, from: "anywhere" });
  const secret = file.content(at("s"), new Secret("key"), { owner });
  const missing = {
    reveal: () => Promise.reject(new SlipwayError({ code: "secret.missing", message: "there is no secret key" })),
  };
  await expect(
    applyAll([
      target(hostWith("a", port("nginx"), port("caddy")), { connect }),
      target(hostWith("b", secret), { connect, secrets: missing }),
      target(hostWith("c", written("x", "1"), written("x", "2")), { connect }),
    ]),
  ).rejects.toMatchObject({
    code: "host.port-twice",
    message: expect.stringMatching(
      /a: on a both nginx and caddy want port 80\/tcp\nb: there is no secret key\nc: two prop/,
    ),
  });
  expect(connected).toBe(0);
});

const listening = async (status: number): Promise<{ server: Server; port: number }> => {
  const server = createServer((_, response) => {
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, port: (server.address() as AddressInfo).port };
};
const check = (what: CheckInfo["check"]): AnyProperty =>
  telling(written("checked"), { kind: "check", title: "c", check: what });

test("a host that is not well after its change fails its batch, and the next does not begin", async () => {
  const { server, port } = await listening(503);
  try {
    const result = await applyAll(
      [
        target(hostWith("a", check({ type: "url", url: `http://localhost:${port}/`, status: 200 }))),
        target(hostWith("b", written("b"))),
      ],
      { ...options(), canary: 1, wellWithin: "10ms" },
    );
    expect(result.hosts.map((one) => one.outcome)).toEqual(["failed", "not begun"]);
    expect(result.hosts[0]?.report?.changed).toBe(1);
    expect(result.hosts[0]?.why).toBe(`it is not well: http://localhost:${port}/ status 503 ≠ 200`);
    expect(formatFleet(result)).toContain("  x it is not well");
  } finally {
    server.close();
  }
});

test("a check of one's own is asked again until it holds", async () => {
  let asked = 0;
  const healthy = async () => {
    asked += 1;
    if (asked === 1) throw new Error("not yet");
  };
  const result = await applyAll([target(hostWith("a", written("a")))], { ...options(), healthy });
  expect([result.hosts[0]?.outcome, asked]).toEqual(["done", 2]);
});

test("checks: ports and addresses as seen from the host, with what was seen instead", async () => {
  const { server, port } = await listening(200);
  await using connection = local();
  const checks: CheckInfo["check"][] = [
    { type: "tcp", port },
    { type: "url", url: `http://app.test:${port}/x?y`, status: 200 },
    { type: "url", url: `http://127.0.0.1:${port}/`, status: 204 },
    { type: "url", url: `https://127.0.0.1:${port}/`, status: 200 },
  ];
  const info = {
    name: "a",
    os: "debian" as const,
    version: "12",
    info: [
      { kind: "name" as const, name: "app.test" },
      ...checks.map((what) => ({ kind: "check" as const, title: "", check: what })),
    ],
  };
  const wrong = await failingChecks(info, connection);
  expect(wrong).toHaveLength(2);
  expect(wrong[0]).toBe(`http://127.0.0.1:${port}/ status 200 ≠ 204`);
  expect(wrong[1]).toContain(`https://127.0.0.1:${port}/ does not answer: `);
  await new Promise((resolve) => server.close(resolve));
  expect((await failingChecks(info, connection))[0]).toContain(`tcp port ${port} does not answer: `);
});

test("an interrupt ends the hosts that run and begins no other", async () => {
  const controller = new AbortController();
  const result = await applyAll([target(hostWith("a", written("a"))), target(hostWith("b", written("b")))], {
    ...options(),
    atOnce: 1,
    signal: controller.signal,
    onEvent: (event) => {
      if (event.type === "changing") controller.abort();
    },
  });
  expect(result.hosts.map((one) => one.outcome)).toEqual(["failed", "not begun"]);
  expect(result.gaveUp).toBe("it was interrupted");
});

test("any facts in one round trip, with their types", async () => {
  await using connection = local();
  writeFileSync(at("f"), "hello");
  const seen = await look(connection, {
    os: facts.os,
    kernel: facts.kernel,
    memory: facts.memory,
    cpus: facts.cpus,
    disks: facts.disks,
    uptime: facts.uptime,
    f: facts.file(at("f")),
  });
  const kernel: string = seen.kernel;
  expect(kernel).toMatch(/^\d+\./);
  expect(seen.memory.totalBytes).toBeGreaterThan(seen.memory.availableBytes);
  expect(seen.f.kind).toBe("file");
  expect(seen.cpus).toBeGreaterThan(0);
  expect(seen.os.id).not.toBe("");
  const bad = { read: ["true"] as const, parse: (): number => { throw new Error("hm"); } }; // biome-ignore format: one line
  await expect(look(connection, { bad })).rejects.toMatchObject({ code: "config.unreadable" });
});

test("facts from real output", () => {
  expect(
    facts.os.parse('PRETTY_NAME="Alpine Linux v3.21"\nNAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.21.3\n', 0),
  ).toEqual({ id: "alpine", version: "3.21.3", title: "Alpine Linux v3.21" });
  expect(
    facts.disks.parse(
      "Filesystem     1024-blocks     Used Available Capacity Mounted on\noverlay          103079204 35081864  62718364      36% /\ntmpfs                65536        0     65536       0% /dev\n/dev/vda1         103079204 35081864  62718364      36% /var/lib/docker\n/dev/vda1         103079204 35081864  62718364      36% /etc/hosts\n",
      0,
    ),
  ).toEqual([
    { device: "overlay", mount: "/", sizeBytes: 103_079_204 * 1024, freeBytes: 62_718_364 * 1024 },
    { device: "/dev/vda1", mount: "/etc/hosts", sizeBytes: 103_079_204 * 1024, freeBytes: 62_718_364 * 1024 },
  ]);
  expect(
    facts.addresses.parse(
      "1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n12: eth0    inet 10.200.4.2/22 brd 10.200.7.255 scope global eth0\\       valid_lft forever\n12: eth0    inet6 fe80::42:aff:fec8:402/64 scope link \\       valid_lft forever\n",
      0,
    ),
  ).toEqual([
    { device: "eth0", family: "IPv4", address: "10.200.4.2", prefix: 22 },
    { device: "eth0", family: "IPv6", address: "fe80::42:aff:fec8:402", prefix: 64 },
  ]);
  expect(() => facts.memory.parse("", 0)).toThrow("MemTotal");
});

test("what a host's secrets are is taken out of text that came from it; a missing one hides nothing", async () => {
  const host = hostWith(
    "a",
    file.content(at("s"), new Secret("key"), { owner }),
    file.content(at("t"), new Secret("late"), { owner }),
  );
  const reveal = async ({ name }: Secret): Promise<string> => {
    if (name === "late") throw new SlipwayError({ code: "secret.missing", message: "there is no secret late" });
    return "hunter22";
  };
  const mask = await masker(host, { secrets: { reveal } });
  expect(mask("password=hunter22")).toBe("password=[secret]");
  const broken = { reveal: () => Promise.reject(new SlipwayError({ code: "vault.locked", message: "no key" })) };
  await expect(masker(host, { secrets: broken })).rejects.toThrow("no key");
});
