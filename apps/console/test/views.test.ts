import type { Run } from "@slipway/ci";
import { expect, test } from "vitest";
import { alertView, checkView, propertyViews, runView } from "../src/server/views.ts";
import { ago, percent, plain, span } from "../src/web/text.ts";

test("parts of one property are shown as one, which holds when all of them do", () => {
  const item = (property: string, within: readonly string[], state: "ok" | "change" | "unknown") => ({
    id: property,
    property,
    within,
    state,
    changes: [],
  });
  expect(
    propertyViews([
      item("a", ["base"], "ok"),
      item("b", ["base", "inner"], "change"),
      item("c", [], "ok"),
      item("d", ["late"], "unknown"),
    ]),
  ).toMatchObject([
    { title: "base", state: "change", parts: [{ title: "a" }, { title: "b" }] },
    { title: "c", state: "ok" },
    { title: "d".replace("d", "late"), state: "unknown" },
  ]);
});

test("a run's steps: what was taken from the cache, what ran out of time", () => {
  const run: Run = {
    id: "1", ref: "refs/heads/review", commit: "c", subject: "s", author: "a", state: "failed", queuedAt: 1, attempt: 1, publishing: false, failedStep: "unit",
    steps: [
      { name: "dependencies", kind: "run", needs: [], state: "passed", seconds: 0.2, cachedFrom: "0" },
      { name: "unit", kind: "run", needs: ["dependencies"], state: "timed out", seconds: 60 },
      { name: "image", kind: "image", needs: ["unit"], state: "skipped" },
    ],
  }; // biome-ignore format: a table
  expect(runView("ledger", run)).toMatchObject({
    repository: "ledger",
    reason: "it failed",
    steps: [
      { name: "dependencies", state: "cached", ms: 200 },
      { name: "unit", state: "failed", ms: 60_000 },
      { name: "image", state: "skipped", ms: undefined },
    ],
  });
});

test("checks and alerts", () => {
  expect(
    checkView({ name: "http http://app/", host: "app", state: "warning", metric: 12.4, description: "slow" }),
  ).toMatchObject({
    title: "http://app/",
    state: "down",
    description: "12 ms · slow",
  });
  expect(
    alertView({
      id: "1",
      key: "k",
      title: "t",
      severity: "critical",
      host: "app",
      service: "s",
      since: 5,
      description: "d",
    }).resolvedAt,
  ).toBeUndefined();
});

test("logs are shown as text: no escapes, no links, no turned text, the last of what was overwritten", () => {
  expect(plain("\u001b[31mred\u001b[0m \u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007 a\u202eb")).toBe(
    "red link ab",
  );
  expect(plain("10 %\r50 %\rdone\nnext\r\n")).toBe("done\nnext\r\n");
});

test("spans, ages and shares", () => {
  expect([850, 42_000, 200_000, 7_300_000, 200_000_000].map(span)).toEqual([
    "0.8 s",
    "42 s",
    "3 m 20 s",
    "2 h 1 m",
    "2 d 7 h",
  ]);
  expect(ago(0, 2_000)).toBe("just now");
  expect([0.031, 0.42].map(percent)).toEqual(["3.1 %", "42 %"]);
});
