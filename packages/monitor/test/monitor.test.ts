import { type Duration, Secret, type SshAddress } from "@slipway/model";
import { expect, test } from "vitest";
import { parseMonitorConfig } from "../src/config.ts";
import { compileMonitor, disk, metrics, monitor, slack, url, webhook } from "../src/monitor.ts";
import { hostDefaults } from "../src/rules/defaults.ts";

const web = { name: "web" };
const address: SshAddress = { host: "web", address: "192.0.2.7", port: 22, user: "root", hostKeys: ["00"] };
const described = monitor({
  streams: [metrics(web), metrics(web)],
  every: "30s",
  expect: [url("https://web/healthz").answers(200, "500ms", { failures: 3 }), disk(web).staysBelow(80)],
  tell: [slack(new Secret("pager.webhook")), webhook(new Secret("other.webhook"))],
});

test("compiles to plain JSON that reads back the same, with names of secrets alone", () => {
  const config = compileMonitor(described, [address]);
  expect(parseMonitorConfig(JSON.stringify(config))).toEqual(config);
  expect(config).toEqual({
    version: 1,
    everyMs: 30_000,
    hosts: [{ name: "web", address }],
    checks: [
      {
        kind: "http",
        name: "http https://web/healthz",
        host: "web",
        severity: "critical",
        url: "https://web/healthz",
        status: 200,
        withinMs: 500,
        failures: 3,
      },
    ],
    rules: [
      expect.objectContaining({
        id: "http https://web/healthz",
        service: "http https://web/healthz",
        judge: { by: "state" },
      }),
      expect.objectContaining({ id: "tls web", service: "tls web" }),
      expect.objectContaining({
        host: "web",
        service: "disk *",
        judge: { by: "limit", unit: "share", critical: 0.8, margin: 0.01 },
      }),
      ...hostDefaults,
    ],
    channels: [
      { kind: "slack", name: "pager.webhook", url: { secret: "pager.webhook" } },
      { kind: "webhook", name: "other.webhook", url: { secret: "other.webhook" } },
    ],
  });
});

test("a host without an address is named", () => {
  expect(() => compileMonitor(described, [])).toThrow("watches web, but its address is not known");
});

test("a configuration that is wrong names the field", () => {
  const good = compileMonitor(described, [address]);
  const wrong = (more: object) => () => parseMonitorConfig(JSON.stringify({ ...good, ...more }));
  expect(() => parseMonitorConfig("{")).toThrow("no JSON");
  expect(wrong({ version: 2 })).toThrow("version 2 ≠ 1");
  expect(wrong({ everyMs: "30s" })).toThrow("everyMs");
  expect(wrong({ hosts: {} })).toThrow("hosts is no list");
  expect(wrong({ hosts: [{ name: "a" }] })).toThrow("hosts[0].address");
  expect(wrong({ checks: [{ kind: "http" }] })).toThrow("checks[0].name");
});

test("what the types refuse", () => {
  // @ts-expect-error a duration has a unit
  const without = (): unknown => monitor({ ...described.spec, every: "30" });
  expect(without).toThrow(RangeError);
  // @ts-expect-error an address has a scheme
  expect(() => url("web/healthz")).toThrow();
  // @ts-expect-error a channel's address is a Secret, not text
  const text = (): unknown => slack("https://hooks.example/T/B/x");
  expect(text).not.toThrow();
  const every: Duration = "1m";
  expect(monitor({ ...described.spec, every }).hosts).toEqual(["web"]);
});
