import type { SeriesView, Snapshot } from "../../src/server/api.ts";
import type { Source } from "../../src/server/source.ts";

const properties = (titles: readonly string[], differing = -1) =>
  titles.map((title, index) => {
    const state = index === differing ? ("change" as const) : ("ok" as const);
    return { title, state, parts: [{ title, state }] };
  });
const base = [
  "locale is en_US.UTF-8",
  "timezone is Asia/Singapore",
  "clock synchronised",
  "git installed",
  "docker installed",
  "docker-compose installed",
  "ssh hardened",
  "firewall allows only 22, 80",
];
const steps = ["dependencies", "compile", "unit tests", "image core", "image web", "image mail", "end to end"];

/** A platform in the middle of its work, as the demo shows it. */
export const recorded = (now: number): Snapshot => ({
  platform: "demo",
  at: now,
  hosts: [
    {
      name: "ci",
      address: "172.20.0.2",
      status: "up",
      os: "debian 12",
      properties: properties(base),
      checkedAt: now - 40_000,
      metrics: { cpu: 0.62, memory: 0.31, disk: 0.42, load: 0.8, uptime: 7_400 },
    },
    {
      name: "app",
      address: "172.20.0.3",
      status: "up",
      os: "debian 12",
      properties: properties([...base, "nginx installed"], 2),
      checkedAt: now - 40_000,
      metrics: { cpu: 0.08, memory: 0.22, disk: 0.93, load: 0.1, uptime: 7_390 },
    },
    {
      name: "monitor",
      address: "172.20.0.4",
      status: "up",
      os: "debian 12",
      properties: properties(base),
      checkedAt: now - 40_000,
      metrics: { cpu: 0.03, memory: 0.12, disk: 0.38, load: 0.05, uptime: 7_380 },
    },
  ],
  runs: [
    {
      id: "4",
      repository: "ledger",
      commit: "9b1c6f0e2a7d4e5f9b1c6f0e2a7d4e5f9b1c6f0e",
      subject: "feat: loans carry an interest rate",
      author: "Ada",
      state: "running",
      queuedAt: now - 14_000,
      startedAt: now - 13_000,
      finishedAt: undefined,
      failedStep: undefined,
      reason: undefined,
      steps: steps.map((name, index) => ({
        name,
        state: index < 3 ? "passed" : index === 3 ? "running" : "waiting",
        ms: index < 3 ? 1_200 * (index + 1) : undefined,
        needs: [],
      })),
    },
    {
      id: "3",
      repository: "ledger",
      commit: "d00df00d2a7d4e5f9b1c6f0e2a7d4e5f9b1c6f0e",
      subject: "fix: round interest half to even",
      author: "Grace",
      state: "failed",
      queuedAt: now - 400_000,
      startedAt: now - 399_000,
      finishedAt: now - 391_000,
      failedStep: "unit tests",
      reason: "step unit tests failed: exit status 1",
      steps: steps.map((name, index) => ({
        name,
        state: index < 2 ? "cached" : index === 2 ? "failed" : "skipped",
        ms: index < 3 ? 900 : undefined,
        needs: [],
      })),
    },
    {
      id: "2",
      repository: "ledger",
      commit: "3f2a91c02a7d4e5f9b1c6f0e2a7d4e5f9b1c6f0e",
      subject: "feat: the ledger, version 1",
      author: "Ada",
      state: "passed",
      queuedAt: now - 3_700_000,
      startedAt: now - 3_699_000,
      finishedAt: now - 3_660_000,
      failedStep: undefined,
      reason: undefined,
      steps: steps.map((name) => ({ name, state: "passed", ms: 4_000, needs: [] })),
    },
  ],
  releases: [
    {
      environment: "prod",
      app: "ledger",
      host: "app",
      commit: "3f2a91c02a7d4e5f9b1c6f0e2a7d4e5f9b1c6f0e",
      since: now - 3_600_000,
      signer: "8a1f90c2d4e6b7a8c9d0e1f2a3b4c5d6e7f80912",
      services: ["core", "web", "mail"].map((name) => ({
        name,
        slot: "blue",
        state: "running",
        commit: "3f2a91c02a7d4e5f9b1c6f0e2a7d4e5f9b1c6f0e",
      })),
      history: [
        {
          at: now - 3_600_000,
          commit: "3f2a91c02a7d4e5f9b1c6f0e2a7d4e5f9b1c6f0e",
          action: "rollback",
          outcome: "done",
        },
        { at: now - 7_000_000, commit: "9b1c6f0e2a7d4e5f9b1c6f0e2a7d4e5f9b1c6f0e", action: "deploy", outcome: "done" },
        { at: now - 7_300_000, commit: "3f2a91c02a7d4e5f9b1c6f0e2a7d4e5f9b1c6f0e", action: "deploy", outcome: "done" },
      ],
    },
  ],
  checks: [
    {
      title: "http://app/ answers 200 within 500ms",
      state: "up",
      description: "status 200 in 12 ms",
      since: now - 500_000,
    },
  ],
  alerts: [
    {
      id: "2",
      title: "app: disk / above 90 %",
      severity: "warning",
      host: "app",
      since: now - 120_000,
      resolvedAt: undefined,
      description: "disk / is 93 % ≥ 90 %",
    },
    {
      id: "1",
      title: "http://app/ answers 200 within 500ms",
      severity: "critical",
      host: "app",
      since: now - 900_000,
      resolvedAt: now - 880_000,
      description: "status 502 ≠ 200",
    },
  ],
  sources: [
    { name: "ci", ok: true },
    { name: "app", ok: true },
    { name: "monitor", ok: true },
  ],
});

export const recordedSeries = (
  now: number,
  request: { host: string; service: string; minutes: number },
): SeriesView => {
  const at = Array.from({ length: 120 }, (_, index) => now - (120 - index) * request.minutes * 500);
  return {
    host: request.host,
    service: request.service,
    at,
    value: at.map((_, index) =>
      index > 40 && index < 52 ? null : 0.3 + 0.2 * Math.sin(index / 7) + 0.05 * Math.sin(index * 3),
    ),
  };
};

export const recordedLog =
  "$ node --test\n\u001b[32m✔\u001b[39m a loan is granted (12.1ms)\n\u001b[31m✖\u001b[39m interest is rounded half to even (2.0ms)\n  AssertionError: 10.24 !== 10.25\n";

/** A source that replays the recording. */
export const recordedSource = (clock: () => number = Date.now): Source => ({
  snapshot: () => recorded(clock()),
  onChange: () => () => undefined,
  series: async (request) => recordedSeries(clock(), request),
  log: async (request) => (request.run === "3" ? recordedLog : undefined),
});
