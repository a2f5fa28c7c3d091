import { type Event, virtualClock } from "@slipway/model";
import { expect, test } from "vitest";
import type { CheckConfig, Finding } from "../src/checks/check.ts";
import { ownNetwork, parseGateway } from "../src/checks/network.ts";
import { judgeRun, noVerdict, type Verdict } from "../src/checks/runs.ts";
import { watchCheck } from "../src/checks/watch.ts";

const config: CheckConfig = { kind: "http", name: "http shop", host: "shop", severity: "critical" };
const passed: Finding = { result: "passed", description: "", metric: 5 };
const failed: Finding = { result: "failed", description: "status 502 ≠ 200", metric: 7 };
const silent: Finding = { result: "no answer", description: "no answer within 5000 ms" };

async function watch(findings: readonly (Finding | Error)[], lost = false) {
  const clock = virtualClock(1_000);
  const events: Event[] = [];
  const stop = new AbortController();
  const left = [...findings];
  const done = watchCheck(config, {
    clock,
    signal: stop.signal,
    everyMs: 1_000,
    network: { lost: async () => lost },
    addresses: {},
    emit: (event) => events.push(event),
    probe: async () => {
      const next = left.shift() ?? passed;
      if (next instanceof Error) throw next;
      return next;
    },
  });
  await clock.advance(0);
  await clock.advance((findings.length - 1) * 1_000);
  stop.abort();
  await done;
  return events;
}

test("failures and successes count in a row before the verdict turns", async () => {
  const events = await watch([passed, failed, passed, failed, failed, passed, failed, passed, passed]);
  expect(events.map((e) => e.state)).toEqual([
    "ok",
    "ok",
    "ok",
    "ok",
    "critical",
    "critical",
    "critical",
    "critical",
    "ok",
  ]);
  expect(events[4]).toEqual({
    host: "shop",
    service: "http shop",
    time: 5_000,
    ttl: 3,
    metric: 7,
    state: "critical",
    description: "status 502 ≠ 200",
  });
});

test("before the first verdict it is unknown; one success is enough", async () => {
  expect((await watch([failed, failed])).map((e) => e.state)).toEqual(["unknown", "critical"]);
  expect((await watch([failed, passed])).map((e) => e.state)).toEqual(["unknown", "ok"]);
});

test("no answer while our own network is lost is unknown, not down; an answer still counts", async () => {
  const events = await watch([passed, silent, silent, silent, failed, failed], true);
  expect(events.map((e) => e.state)).toEqual(["ok", "unknown", "unknown", "unknown", "ok", "critical"]);
  expect(events[1]?.description).toBe("our own network does not answer");
});

test("no answer with a sound network is down", async () => {
  expect((await watch([passed, silent, silent])).at(-1)?.state).toBe("critical");
});

test("a mistake in the check itself is unknown", async () => {
  const [, second] = await watch([passed, new Error("no such option")]);
  expect(second).toMatchObject({ state: "unknown", description: "the check itself failed: no such option" });
});

test("runs", () => {
  const needed = { failures: 3, successes: 1 };
  const after = (...results: boolean[]) =>
    results.reduce<Verdict>((verdict, each) => judgeRun(verdict, each, needed), noVerdict);
  expect(after(false, false)).toEqual({ passing: undefined, against: 2 });
  expect(after(true, false, false, false).passing).toBe(false);
  expect(after(true, false, false, true, false, false).passing).toBe(true);
});

test("a canary that never answered says nothing; one that has answered and is silent means lost", async () => {
  let alive = ["a"];
  const network = await ownNetwork({ canaries: ["a:1", "b:2"], knock: async (address) => alive.includes(address) });
  expect(await network.lost()).toBe(false);
  alive = [];
  expect(await network.lost()).toBe(true);
  alive = ["b"];
  expect(await network.lost()).toBe(false);
  const mute = await ownNetwork({ canaries: ["a:1"], knock: async () => false });
  expect(await mute.lost()).toBe(false);
});

test("the default gateway is read from the kernel's table", () => {
  const table = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
eth0	00000000	010011AC	0003	0	0	0	00000000	0	0	0
`;
  expect(parseGateway(table)).toBe("172.17.0.1");
  expect(parseGateway("Iface\n")).toBeUndefined();
});
