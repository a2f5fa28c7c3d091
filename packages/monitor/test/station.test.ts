import { statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { local } from "@slipway/connection";
import { Secret, type SshAddress, type VirtualClock, virtualClock } from "@slipway/model";
import { expect, test } from "vitest";
import type { Announcement } from "../src/alerts/machine.ts";
import type { Finding } from "../src/checks/check.ts";
import type { MonitorConfig } from "../src/config.ts";
import { compileMonitor, metrics, monitor, url, webhook } from "../src/monitor.ts";
import { monitorClient } from "../src/station/client.ts";
import { runMonitor } from "../src/station/run.ts";
import type { Change } from "../src/station/view.ts";
import { fakeHost } from "./fakeHost.ts";
import { folder } from "./folder.ts";

const address: SshAddress = { host: "web", address: "192.0.2.7", port: 22, user: "root", hostKeys: ["00"] };
const config: MonitorConfig = compileMonitor(
  monitor({
    streams: [metrics({ name: "web" })],
    every: "10s",
    expect: [url("http://web/healthz").answers(200, "500ms")],
    tell: [webhook(new Secret("pager"))],
  }),
  [address],
);

interface World {
  readonly clock: VirtualClock;
  readonly host: ReturnType<typeof fakeHost>;
  readonly told: Announcement[];
  readonly log: string[];
  finding: Finding;
  lost: boolean;
}

const passed: Finding = { result: "passed", description: "", metric: 12.3 };
const failed: Finding = { result: "failed", description: "status 502 ≠ 200", metric: 3 };

const world = (): World => ({
  clock: virtualClock(1_800_000_000_000),
  host: fakeHost(),
  told: [],
  log: [],
  finding: passed,
  lost: false,
});

/** A station on virtual time; everything else, its socket and its files, is real. */
async function station(place: { readonly path: string; file(name: string): string }, world: World, given = config) {
  const stop = new AbortController();
  const ready = Promise.withResolvers<void>();
  const socketPath = place.file("m.sock");
  const done = runMonitor(given, {
    connect: world.host.connect,
    secrets: { reveal: async () => "unused" },
    clock: world.clock,
    signal: stop.signal,
    dir: place.path,
    socketPath,
    network: { lost: async () => world.lost },
    checks: { http: async () => world.finding },
    channels: { webhook: async (_, announcement) => void world.told.push(announcement) },
    log: (line) => world.log.push(line),
    onReady: ready.resolve,
  });
  await Promise.race([ready.promise, done]);
  const connection = local();
  await world.clock.advance(0);
  return {
    client: monitorClient(connection, socketPath),
    socketPath,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
      await connection[Symbol.asyncDispose]();
    },
  };
}

test("hosts, checks and metrics are seen through the socket", async () => {
  using place = folder();
  const it = world();
  await using running = await station(place, it);
  await it.clock.advance(20_000);
  const status = await running.client.status();
  expect(status.hosts).toMatchObject([
    { name: "web", state: "ok", metrics: { memory: { metric: expect.any(Number) }, "disk /": { metric: 0.2558 } } },
  ]);
  expect(status.checks).toMatchObject([{ name: "http http://web/healthz", state: "ok", metric: 12.3 }]);
  expect(status).toMatchObject({ alerts: [], undelivered: 0, problems: [], everyMs: 10_000 });
  const now = it.clock.now();
  const series = await running.client.series({
    host: "web",
    service: "disk /",
    from: now - 30_000,
    to: now + 1,
    points: 3,
  });
  expect(series.values.filter((value) => value !== null)).toContain(0.2558);
  expect(statSync(running.socketPath).mode & 0o777).toBe(0o600);
});

test("a failing check is announced and resolved; a restart in between neither loses nor repeats", async () => {
  using place = folder();
  const it = world();
  {
    await using running = await station(place, it);
    it.finding = failed;
    await it.clock.advance(20_000);
    expect(await running.client.alerts()).toMatchObject({
      firing: [{ description: "status 502 ≠ 200", severity: "critical" }],
      resolved: [],
    });
  }
  expect(it.told.map((each) => each.kind)).toEqual(["firing"]);
  {
    await using running = await station(place, it);
    await it.clock.advance(60_000);
    expect((await running.client.status()).alerts).toHaveLength(1);
    expect(it.told).toHaveLength(1);
    it.finding = passed;
    await it.clock.advance(20_000);
    expect(await running.client.alerts()).toMatchObject({
      firing: [],
      resolved: [{ title: "http://web/healthz does not answer as expected" }],
    });
  }
  expect(it.told.map((each) => each.kind)).toEqual(["firing", "resolved"]);
  expect(it.told[1]?.alert.id).toBe(it.told[0]?.alert.id);
});

test("a host that is lost becomes an alert, its metrics go, its history has a gap; it comes back", async () => {
  using place = folder();
  const it = world();
  await using running = await station(place, it);
  await it.clock.advance(60_000);
  it.host.mode = "breaks";
  await it.clock.advance(120_000);
  const [host] = (await running.client.status()).hosts;
  expect(host).toMatchObject({ state: "unreachable", metrics: {} });
  expect(it.told.map((each) => [each.kind, each.alert.title])).toEqual([["firing", "host cannot be reached"]]);
  const now = it.clock.now();
  const { values } = await running.client.series({
    host: "web",
    service: "memory",
    from: now - 180_000,
    to: now,
    points: 18,
  });
  expect(values.at(-1)).toBeNull();
  expect(values).toContain(0.031);
  it.host.mode = "up";
  await it.clock.advance(60_000);
  expect(it.told.map((each) => each.kind)).toEqual(["firing", "resolved"]);
});

test("a certificate that is not seen while the service is down keeps its alert; a disk that is gone resolves its own", async () => {
  using place = folder();
  const it = world();
  const tls = { service: "tls web", state: "warning", metric: 19, description: "19 d left of 90 d" } as const;
  it.finding = { ...passed, more: [tls] };
  const full = {
    id: "full",
    title: "disk is full",
    service: "disk *",
    judge: { by: "limit", unit: "share", critical: 0.1, margin: 0 },
  } as const;
  await using running = await station(place, it, { ...config, rules: [full, ...config.rules] });
  await it.clock.advance(20_000);
  const firing = async () => (await running.client.alerts()).firing.map((alert) => alert.service).toSorted();
  expect(await firing()).toEqual(["disk /", "disk /var/lib/docker", "tls web"]);
  it.finding = failed;
  it.host.reply = (text) => text.replaceAll(/^.*\/var\/lib\/docker$/gm, "");
  await it.clock.advance(60_000);
  expect(await firing()).toEqual(["disk /", "http http://web/healthz", "tls web"]);
  expect((await running.client.alerts()).resolved).toMatchObject([
    { service: "disk /var/lib/docker", description: "no longer reported" },
  ]);
});

test("own network lost: unknown, no alert", async () => {
  using place = folder();
  const it = world();
  await using running = await station(place, it);
  await it.clock.advance(20_000);
  Object.assign(it, { lost: true, finding: { result: "no answer", description: "no answer within 5000 ms" } });
  it.host.mode = "breaks";
  await it.clock.advance(300_000);
  const status = await running.client.status();
  expect(status.checks[0]).toMatchObject({ state: "unknown", description: "our own network does not answer" });
  expect(status.hosts[0]).toMatchObject({ state: "unknown" });
  expect(it.told).toEqual([]);
});

test("changes come with ids; a listener goes on behind the last one, and is told when it cannot", async () => {
  using place = folder();
  const it = world();
  await using running = await station(place, it);
  const stop = new AbortController();
  const seen: Change[] = [];
  const listening = running.client.events(stop.signal, "of-another-run.5");
  for await (const change of listening) {
    seen.push(change);
    if (change.kind === "reset") {
      it.finding = failed;
      await it.clock.advance(20_000);
    }
    if (change.kind === "alert") break;
  }
  expect(seen[0]).toMatchObject({ kind: "reset", data: null });
  expect(seen.at(-1)).toMatchObject({ kind: "alert", data: { kind: "firing" } });
  expect(seen.map((change) => change.kind)).toContain("metrics");
  const from = seen.findIndex((change) => change.kind === "state");
  const again: string[] = [];
  for await (const change of running.client.events(stop.signal, seen[from]?.id)) {
    again.push(change.id);
    if (change.kind === "alert") break;
  }
  expect(again).toEqual(seen.slice(from + 1).map((change) => change.id));
  stop.abort();
  for await (const change of running.client.events(stop.signal)) throw new Error(change.kind);
});

test("an alert whose rule is gone is resolved at the next start", async () => {
  using place = folder();
  const it = world();
  {
    await using _running = await station(place, it);
    it.finding = failed;
    await it.clock.advance(20_000);
  }
  await using running = await station(place, it, { ...config, checks: [], rules: [] });
  await it.clock.advance(1_000);
  expect(it.told.map((each) => each.kind)).toEqual(["firing", "resolved"]);
  expect((await running.client.alerts()).resolved).toMatchObject([{ description: "watched no longer" }]);
});

test("a socket that a dead process left is removed; one that lives is not taken", async () => {
  using place = folder();
  writeFileSync(place.file("m.sock"), "");
  const it = world();
  {
    await using running = await station(place, it);
    expect((await running.client.status()).hosts).toHaveLength(1);
  }
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(place.file("m.sock"), resolve));
  await expect(station(place, it)).rejects.toMatchObject({ code: "monitor.in-use" });
  await new Promise((resolve) => other.close(resolve));
});

test("what cannot be understood is refused: kinds, questions, silence", async () => {
  using place = folder();
  const it = world();
  const odd = { ...config, checks: config.checks.map((check) => ({ ...check, kind: "toString" })) };
  await expect(station(place, it, odd)).rejects.toMatchObject({ code: "monitor.unknown-kind" });
  await using running = await station(place, it);
  const query = { host: "web", service: "cpu", from: 5, to: 1, points: 3 };
  await expect(running.client.series(query)).rejects.toThrow("from < to");
  await using connection = local();
  const nobody = monitorClient(connection, place.file("nobody.sock"));
  await expect(nobody.status()).rejects.toMatchObject({ code: "monitor.not-answering" });
  await expect(nobody.events(new AbortController().signal)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: "monitor.not-answering",
  });
});
