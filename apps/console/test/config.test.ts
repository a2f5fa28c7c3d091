import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { docker, file, type HostResult, planToSave, type Seen, secretsOf } from "@slipway/config";
import { local } from "@slipway/connection";
import { debian, type Host, host, SlipwayError, systemClock } from "@slipway/model";
import { monitor, slack } from "@slipway/monitor";
import { droplet } from "@slipway/provision/digitalocean";
import { vault } from "@slipway/trust";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { coloured } from "../src/cli/colour.ts";
import { createOutput } from "../src/cli/output.ts";
import { table } from "../src/cli/table.ts";
import { eachHost } from "../src/platform/each-host.ts";
import { eventSink } from "../src/platform/events.ts";
import { fleetTeller } from "../src/platform/fleet-teller.ts";
import { described } from "../src/platform/prepare.ts";
import type { Session } from "../src/platform/session.ts";
import { existing } from "../src/platform/targets.ts";
import { exitOf } from "../src/verbs/config/apply.ts";
import { runOn } from "../src/verbs/config/exec.ts";
import { formatPlans, showPlan, type WholePlan } from "../src/verbs/config/plan.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-console-config-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});
const at = (name: string): string => join(folder, name);

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIECHNIKrrM1/fnunx8JMIBw5mW2i9GiSxcfiOL7VC3rW";

const local1 = droplet({ cloud: "local", region: "lon1", size: "s-1vcpu-1gb" });
const web = host("web", { on: local1, os: debian("12"), has: [] });
const db = host("db", { on: existing({ address: "192.0.2.7", hostKey: key, port: 2222 }), os: debian("13"), has: [] });

const seen: Seen = {
  replies: {},
  pending: [],
  digests: {},
  applied: { digest: "", list: "", at: 0, by: "", items: [], removals: [] },
};

test("hosts with the same plan are shown once, and all of it is summed up", () => {
  const plan = (name: string, state: "ok" | "change", ...stations: readonly string[]): WholePlan => ({
    host: name,
    stations,
    items: [{ id: "1", property: "it holds", within: [], state, changes: state === "ok" ? [] : [["true"]] }],
  });
  expect(formatPlans([plan("a", "change"), plan("b", "ok"), plan("c", "change")], false)).toBe(
    "a, c: 0 ok, 1 to change\n  ~ it holds\n      true\nb: 1 ok, 0 to change\n2 of 3 hosts would change",
  );
  expect(formatPlans([plan("a", "ok"), plan("b", "ok")], false)).toContain("2 hosts: nothing to do");
  expect(formatPlans([plan("a", "ok")], false)).toBe("a: 1 ok, 0 to change");
  expect(formatPlans([plan("a", "ok", "slipway-ci runs"), plan("b", "ok")], false)).toBe(
    "a: 1 ok, 0 to change\n  ~ slipway-ci runs\nb: 1 ok, 0 to change\n1 of 2 hosts would change",
  );
});

test("a plan limited to properties that are not there is refused", () => {
  const two: Host = { ...web, has: [file.content("/a", "a")] };
  expect(() => planToSave(two, seen, { only: ["none"] })).toThrow("no property is called none");
});

test("the exit code of a run", () => {
  const result = (...hosts: readonly Partial<HostResult>[]): number =>
    exitOf({ hosts: hosts.map((one) => ({ host: "h", outcome: "done", ms: 0, also: [], ...one })) });
  expect(result({}, {})).toBe(0);
  expect(result({}, { outcome: "failed" }, { outcome: "not begun" })).toBe(3);
  expect(result({ outcome: "failed" }, { outcome: "not begun" })).toBe(1);
  expect(result({ outcome: "failed", exitCode: 5 })).toBe(5);
  expect(result({ outcome: "failed", exitCode: 5 }, { outcome: "failed" })).toBe(1);
});

test("a command's lines come as they are, nothing is on its input, and its status is told", async () => {
  await using connection = local();
  const lines: string[] = [];
  const take = {
    stdout: (line: string) => lines.push(`out ${line}`),
    stderr: (line: string) => lines.push(`err ${line}`),
    signal: new AbortController().signal,
  };
  expect(await runOn(connection, "cat; printf 'a\\nb'; exit 7", take)).toBe(7);
  expect(lines).toEqual(["out a", "out b"]);
  expect(await runOn(connection, "echo x >&2", take)).toBe(0);
  expect(lines.at(-1)).toBe("err x");
});

test("what fails on one host stops no other", async () => {
  const told: string[] = [];
  const context = {
    out: { ...createOutput({ json: false, quiet: true }), mark: (_: string, line: string) => void told.push(line) },
    clock: systemClock,
    signal: new AbortController().signal,
    cwd: folder,
    yes: false,
  };
  const answers = await eachHost([web, db], context, async ({ name }) => {
    if (name === "web") throw new Error("it is away");
    return name;
  });
  expect(answers).toMatchObject({
    exit: 3,
    failed: [{ host: "web", message: "it is away" }],
    answers: [{ value: "db" }],
  });
  expect(told).toEqual(["web: it is away"]);
  expect((await eachHost([web], context, () => Promise.reject(new Error("x")))).exit).toBe(1);
});

test("events are lines of JSON with host and time", async () => {
  const out = {
    ...createOutput({ json: false, quiet: true }),
    hidden: (text: string) => text.replaceAll("hunter22", "[secret]"),
  };
  const sink = await eventSink(at("events"), { clock: systemClock, out });
  sink.write({ type: "connecting", host: "web" });
  sink.write({ type: "gave up", why: "the canary web failed" });
  sink.write({ type: "ended", host: "web", outcome: "failed", why: "it said hunter22" });
  await sink.close();
  const lines = readFileSync(at("events"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as object);
  expect(lines).toEqual([
    { at: expect.stringMatching(/^\d{4}-.*Z$/), host: "web", type: "connecting" },
    { at: expect.any(String), type: "gave up", why: "the canary web failed" },
    { at: expect.any(String), host: "web", type: "ended", outcome: "failed", why: "it said [secret]" },
  ]);
  await expect(eventSink(at("no/such/events"), { clock: systemClock, out })).rejects.toMatchObject({
    code: "ops.cannot-write",
  });
});

test("tables and colours", () => {
  expect(table([["A", "LONG", "C"], ["xxx", "y", ""]])).toBe("A    LONG  C\nxxx  y"); // biome-ignore format: a table
  const plain = "web: 1 ok\n  ~ it changes\n      - old\n      + new";
  vi.stubEnv("NO_COLOR", undefined);
  vi.stubEnv("FORCE_COLOR", undefined);
  expect(coloured(plain, new PassThrough())).toBe(plain);
  const terminal = Object.assign(new PassThrough(), { isTTY: true, getColorDepth: () => 8 });
  const [head, change, old, now] = coloured(plain, terminal).split("\n");
  const escaped = (code: number, text: string) => expect.stringContaining(`\u001b[${code}m${text}`);
  expect([head, change, old, now]).toEqual([
    escaped(1, "web: 1 ok"),
    escaped(33, "  ~ it changes"),
    escaped(31, "      - old"),
    escaped(32, "      + new"),
  ]);
  vi.unstubAllEnvs();
});

test("what happens to hosts is told, and what takes long before it is done", () => {
  vi.useFakeTimers();
  try {
    const lines: string[] = [];
    const tell = fleetTeller({ mark: (kind, line) => void lines.push(`${kind} ${line}`) });
    const item = { property: "p", within: [], outcome: "changed", ms: 4_000, changes: [] } as const;
    tell({ type: "changing", host: "a", property: "p", changes: [] });
    vi.advanceTimersByTime(3_100);
    tell({ type: "item", host: "a", item });
    tell({ type: "changing", host: "a", property: "quick", changes: [] });
    tell({ type: "item", host: "a", item: { ...item, outcome: "failed", error: "exit status 1\nmore" } });
    vi.advanceTimersByTime(10_000);
    tell({ type: "ended", host: "a", outcome: "failed", why: "a property failed" });
    tell({ type: "gave up", why: "the canary a failed" });
    expect(lines).toEqual([
      "note a: p …",
      "changed a: p (4.0 s)",
      "bad a: p: exit status 1",
      "bad a: a property failed",
      "bad no further host begins: the canary a failed",
    ]);
  } finally {
    vi.useRealTimers();
  }
});

test("a plan of a host that cannot be reached says so, and no rejection is left to nobody", async () => {
  const stranger = process.listeners("unhandledRejection");
  const unhandled = vi.fn<() => void>();
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", unhandled);
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const out = createOutput({ json: false, quiet: false });
  const session = {
    project: { platform: { name: "shop", hosts: [db] } },
    machines: async () => [],
    host: () => db,
    identity: { vault: { reveal: async () => "" }, ssh: { publicKey: key } },
    connect: async () => {
      await setImmediate();
      throw new Error("db refused the connection");
    },
  } as unknown as Session;
  const context = { out, clock: systemClock, signal: new AbortController().signal, cwd: folder, yes: true };
  try {
    const options = { on: [], all: false, detailedExitCode: false };
    expect(await showPlan(session, context, options)).toBe(1);
    await setImmediate();
    expect(write.mock.calls.join("")).toContain("db: db refused the connection");
    expect(unhandled).not.toHaveBeenCalled();
  } finally {
    process.removeAllListeners("unhandledRejection");
    for (const listener of stranger) process.on("unhandledRejection", listener);
    vi.restoreAllMocks();
  }
});

test("the secrets that a host is known to have are also those that the platform puts there, set or not", async () => {
  const watch = host("watch", {
    on: existing({ address: "192.0.2.8", hostKey: key }),
    os: debian("12"),
    has: [docker.installed],
  });
  const watches = monitor({
    streams: [],
    every: "2s",
    expect: [],
    tell: [slack(vault(["pager.webhook"])("pager.webhook"))],
  });
  const missing = new SlipwayError({ code: "secret.missing", message: "the secret is not in the vault" });
  const session = {
    project: { platform: { name: "shop", hosts: [watch], monitor: { on: watch, watches } } },
    machines: async () => [],
    host: () => watch,
    identity: {
      vault: { version: () => Promise.reject(missing), publicHalf: async () => key },
      ssh: { publicKey: key },
    },
  } as unknown as Session;
  const known = (await described(session)).get("watch");
  expect(secretsOf(known?.host ?? watch)).toContain("pager.webhook");
});
