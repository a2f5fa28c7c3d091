import { type Event, type SshAddress, virtualClock } from "@slipway/model";
import { expect, test } from "vitest";
import { collectHost } from "../src/collect/collector.ts";
import { fakeHost } from "./fakeHost.ts";

const address: SshAddress = { host: "web", address: "192.0.2.1", port: 22, user: "root", hostKeys: [] };

function setup(everyMs = 10_000) {
  const clock = virtualClock(1_000_000);
  const host = fakeHost();
  const events: Event[] = [];
  const stop = new AbortController();
  const done = collectHost(
    { name: "web", address },
    { connect: host.connect, clock, signal: stop.signal, everyMs, emit: (event) => events.push(event) },
  );
  const states = () => events.filter((e) => e.service === "reachable").map((e) => e.state);
  return { clock, host, events, stop, done, states };
}

test("one connection, one command a tick", async () => {
  const { clock, host, events, stop, done, states } = setup();
  await clock.advance(0);
  await clock.advance(20_000);
  expect(host).toMatchObject({ connects: 1, execs: 3, open: 1 });
  expect(states()).toEqual(["ok", "ok", "ok"]);
  expect(events.filter((e) => e.service === "memory").map((e) => e.time)).toEqual([1_000_000, 1_010_000, 1_020_000]);
  stop.abort();
  await done;
  expect(host.open).toBe(0);
  expect(clock.sleeping).toBe(0);
});

test("a lost connection is a gap, then unreachable, and is made again with pauses", async () => {
  const { clock, host, stop, done, states } = setup(1_000);
  await clock.advance(0);
  host.mode = "breaks";
  await clock.advance(1_000);
  host.mode = "refuses";
  await clock.advance(60_000);
  expect(states().slice(0, 5)).toEqual(["ok", "unknown", "unknown", "critical", "critical"]);
  expect(host.connects).toBeLessThan(10);
  host.mode = "up";
  await clock.advance(31_000);
  expect(states().at(-1)).toBe("ok");
  expect(host.open).toBe(1);
  stop.abort();
  await done;
});

test("a host that hangs is given up after the deadline, while connecting and while measuring", async () => {
  const { clock, host, events, stop, done, states } = setup(60_000);
  await clock.advance(0);
  host.mode = "hangs";
  await clock.advance(60_000 + 15_000);
  expect(states()).toEqual(["ok", "unknown"]);
  expect(events.at(-1)?.description).toBe("no answer within 15 s");
  await clock.advance(60_000);
  expect(states()).toEqual(["ok", "unknown", "unknown"]);
  stop.abort();
  await done;
  expect(clock.sleeping).toBe(0);
});
