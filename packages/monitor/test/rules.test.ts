import type { Event } from "@slipway/model";
import { expect, test } from "vitest";
import { hostDefaults } from "../src/rules/defaults.ts";
import { grade } from "../src/rules/grade.ts";
import { alertKey, fits, fromAlertKey, type RuleConfig } from "../src/rules/rule.ts";
import { event, start } from "./streams/start.ts";

const rule = (id: string): RuleConfig => {
  const found = hostDefaults.find((each) => each.id === id);
  if (found === undefined) throw new Error(id);
  return found;
};

const grades = (by: RuleConfig, ...events: Partial<Event>[]) => {
  const s = start(grade(by));
  s.push(...events.map((each) => event({ service: "disk /", ...each })));
  return s.out;
};

test("limits hold until the margin is passed, down one step at a time", () => {
  const out = grades(
    rule("host.memory"),
    ...[0.5, 0.86, 0.84, 0.96, 0.93, 0.91, 0.83, 0.8].map((metric) => ({ metric })),
  );
  expect(out.map((each) => each.grade)).toEqual([
    "ok",
    "warning",
    "warning",
    "critical",
    "critical",
    "warning",
    "warning",
    "ok",
  ]);
});

test("a value that is missing is unknown, not good, and what was before stands", () => {
  const out = grades(
    rule("host.memory"),
    { metric: 0.9 },
    {},
    { metric: Number.NaN },
    { state: "expired" },
    { metric: 0.84 },
  );
  expect(out.map((each) => each.grade)).toEqual(["warning", "unknown", "unknown", "unknown", "warning"]);
});

test("a tenth of a large disk is plenty; without the size the share decides", () => {
  const free = (gib: number) => ({ metric: 0.96, attributes: { freeBytes: `${gib * 1024 ** 3}` } });
  const out = grades(rule("host.disk"), free(400), free(4), { metric: 0.96 });
  expect(out.map((each) => [each.grade, each.description])).toEqual([
    ["ok", "disk / 96 % ≥ 90 %, 400.0 GiB free"],
    ["critical", "disk / 96 % ≥ 95 %, 4.0 GiB free"],
    ["critical", "disk / 96 % ≥ 95 %"],
  ]);
});

test("failed units are named", () => {
  const [out] = grades(rule("host.units"), { service: "units failed", metric: 1, description: "nginx.service" });
  expect(out).toMatchObject({ grade: "warning", description: "units failed 1 ≥ 1: nginx.service" });
});

test("by state", () => {
  const out = grades(
    rule("host.reachable"),
    ...["ok", "critical", "unknown", "warning", "odd"].map((state) => ({ state })),
  );
  expect(out.map((each) => each.grade)).toEqual(["ok", "critical", "unknown", "warning", "unknown"]);
});

test("rules fit by host and by service or its start; keys tell what they are about", () => {
  const all = { host: "web", service: "disk /srv|x" };
  expect(fits(rule("host.disk"), all)).toBe(true);
  expect(fits({ ...rule("host.disk"), host: "db" }, all)).toBe(false);
  expect(fits(rule("host.cpu"), { host: "web", service: "cpu 1" })).toBe(false);
  const odd = { ...rule("host.disk"), id: "a|b" };
  expect(fromAlertKey(alertKey(odd, all), [rule("host.cpu"), odd])).toEqual({ rule: odd, ...all });
  expect(fromAlertKey("none|h|s", [odd]).rule).toBeUndefined();
});
