import { expect, test } from "vitest";
import { coalesce } from "../../src/streams/coalesce.ts";
import { event, metrics, start } from "./start.ts";

test("the newest of each host and service, together, and expired ones once", async () => {
  const s = start(coalesce(1_000));
  s.push(event({ metric: 1 }), event({ metric: 2 }), event({ host: "b", metric: 3 }));
  await s.clock.advance(1_000);
  expect(s.out.map(metrics)).toEqual([[2, 3]]);
  s.push(event({ host: "b", state: "expired" }));
  await s.clock.advance(2_000);
  expect(s.out.slice(1).map((all) => all.map((e) => e.host))).toEqual([["web", "b"], ["web"]]);
});

test("leaves no timer when all that it remembered has expired", async () => {
  const s = start(coalesce(1_000));
  s.push(event({ state: "expired" }));
  await s.clock.advance(3_000);
  expect(s.clock.sleeping).toBe(0);
  expect(s.out).toHaveLength(1);
});
