import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { eventsOf } from "../src/collect/metrics.ts";
import { parseReading } from "../src/collect/parse.ts";

const fixture = (name: string): string => readFileSync(new URL(`./fixtures/${name}.txt`, import.meta.url), "utf8");

test("a Debian 12 host with systemd", () => {
  const reading = parseReading(fixture("debian-12"));
  expect(reading.cpu?.cores).toBe(2);
  expect(reading.memory).toMatchObject({ total: 24_684_096 * 1_024, swapTotal: 0 });
  expect(reading.disks.map((disk) => disk.path)).toEqual(["/", "/var/lib/docker"]);
  expect(reading.disks[0]).toEqual({
    device: "overlay",
    path: "/",
    used: 27_209_868 * 1_024,
    available: 79_181_044 * 1_024,
  });
  expect(reading.inodes[0]).toMatchObject({ path: "/", used: 16_777_216 - 16_306_740, available: 16_306_740 });
  expect(reading.failedUnits).toEqual([]);
  expect(reading.containers).toEqual({ running: 0, stopped: [] });
  // 195,107 ticks after the machine: PID 1 of a container is younger than the machine it runs on.
  expect(reading.uptime).toBeGreaterThan(0);
  expect(reading.uptime).toBeLessThan(600);
});

test("a machine with containers, odd mounts, and a PID 1 with spaces and parentheses in its name", () => {
  const reading = parseReading(fixture("docker-machine"));
  expect(reading.disks.map((disk) => disk.path)).toEqual(["/"]);
  expect(reading.containers).toEqual({
    running: 1,
    stopped: ["gifted_meitner", "slipway-ci-try-1-1-4"],
  });
  expect(reading.uptime).toBeCloseTo(2104.33 - 0.14, 2);
  expect(reading.load).toBe(1.03);
});

test("failed units, file systems without inodes, mounts with spaces, several mounts of one device", () => {
  const reading = parseReading(`
@@slipway disk
Filesystem 1024-blocks Used Available Capacity Mounted on
/dev/sda1 100 60 40 60% /
/dev/sda1 100 60 40 60% /etc/hosts
/dev/sdb1 1000 10 -5 100% /srv/my disk
/dev/loop3 56 56 0 100% /snap/core/1
host:/export 10 1 9 10% /mnt/nfs

@@slipway inodes
Filesystem Inodes IUsed IFree IUse% Mounted on
/dev/sda1 - - - - /
/dev/sdb1 0 0 0 - /srv/my disk

@@slipway failed
nginx.service loaded failed failed A high performance web server
broken.timer  loaded failed failed broken

@@slipway end
`);
  expect(reading.disks.map(({ path, used, available }) => [path, used, available])).toEqual([
    ["/", 60 * 1_024, 40 * 1_024],
    ["/mnt/nfs", 1_024, 9 * 1_024],
    ["/srv/my disk", 10 * 1_024, 0],
  ]);
  expect(reading.inodes).toEqual([]);
  expect(reading.failedUnits).toEqual(["nginx.service", "broken.timer"]);
  const nothing = undefined;
  expect(reading).toMatchObject({ cpu: nothing, load: nothing, memory: nothing, uptime: nothing, containers: nothing });
});

test("a reply that was cut short is refused; noise before it is not", () => {
  const whole = fixture("debian-12");
  expect(() => parseReading(whole.slice(0, -10))).toThrow("cut short");
  expect(() => parseReading("")).toThrow("cut short");
  expect(parseReading(`Welcome to the machine!\n${whole}`).load).toBeDefined();
});

test("events: shares of 1 with four decimals, cpu from the second reading on", () => {
  const reading = parseReading(fixture("debian-12"));
  const context = { host: "web", time: 7, ttl: 30, before: undefined };
  const first = eventsOf(reading, context);
  expect(first.map((event) => event.service)).toEqual([
    "load",
    "memory",
    "disk /",
    "disk /var/lib/docker",
    "inodes /",
    "inodes /var/lib/docker",
    "uptime",
    "units failed",
    "containers running",
    "containers stopped",
  ]);
  expect(first.find((event) => event.service === "disk /")).toEqual({
    host: "web",
    service: "disk /",
    time: 7,
    ttl: 30,
    metric: 0.2558,
    attributes: { totalBytes: `${(27_209_868 + 79_181_044) * 1_024}`, freeBytes: `${79_181_044 * 1_024}` },
  });
  const cpu = (busy: number, total: number) => ({ ...reading, cpu: { busy, total, cores: 2 } });
  const cpuAfter = (before: ReturnType<typeof cpu>, now: ReturnType<typeof cpu>) =>
    eventsOf(now, { ...context, before }).find((event) => event.service === "cpu")?.metric;
  expect(cpuAfter(cpu(100, 1_000), cpu(150, 1_200))).toBe(0.25);
  expect(cpuAfter(cpu(100, 1_000), cpu(10, 50))).toBeUndefined(); // rebooted
  expect(cpuAfter(cpu(100, 1_000), cpu(100, 1_000))).toBeUndefined();
});
