import { expect, test } from "vitest";
import { formatStatus } from "../src/station/format.ts";

test("the status as text", () => {
  const text = formatStatus({
    at: 100_000,
    startedAt: 0,
    everyMs: 10_000,
    hosts: [
      {
        name: "app",
        state: "ok",
        description: "",
        metrics: {
          cpu: { metric: 0.123, time: 1 },
          load: { metric: 0.5, time: 1 },
          memory: { metric: 0.4, time: 1 },
          "disk /": { metric: 0.2, time: 1 },
          "disk /srv": { metric: 0.7, time: 1 },
          uptime: { metric: 3_700, time: 1 },
        },
      },
      { name: "ci", state: "unreachable", description: "connection refused", metrics: {} },
    ],
    checks: [
      { name: "http http://app/", host: "app", state: "critical", metric: 3.2, description: "status 502 ≠ 200" },
    ],
    alerts: [
      {
        id: "a",
        key: "k",
        title: "http://app/ does not answer as expected",
        severity: "critical",
        host: "app",
        service: "s",
        since: 40_000,
        description: "status 502 ≠ 200",
      },
    ],
    undelivered: 1,
    problems: [{ at: 1, what: "pager: not delivered, status 500 ≠ 2xx" }],
  });
  expect(text).toBe(`HOST  STATE        CPU   LOAD/CORE  MEMORY  FULLEST DISK  UP
app   ok           12 %  0.50       40 %    70 % /srv     1 h 2 m
ci    unreachable  –     –          –       –             –        connection refused

CHECK             STATE     LATENCY
http http://app/  critical  3 ms     status 502 ≠ 200

ALERT     HOST  WHAT
critical  app   http://app/ does not answer as expected  for 1 m 0 s  status 502 ≠ 200

1 announcements are not delivered yet.

Problem of the monitor itself: pager: not delivered, status 500 ≠ 2xx
`);
});
