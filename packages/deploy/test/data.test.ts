import type { App } from "@slipway/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countsSince, planData, requireReadable, StreamCounter } from "../src/data.ts";

const reading = (reads: Readonly<Record<string, readonly number[]>>): App => ({
  name: "ledger",
  hostname: "_",
  services: [
    { name: "core", data: true, events: { writes: {}, reads } },
    { name: "web", port: 80, ready: "/" },
  ],
});

describe("data plan", () => {
  test.each([
    ["an empty stream", {}, { core: {} }, "restart"],
    ["every version is read", { opened: [1, 2] }, { core: { "opened@1": 5, "opened@2": 3 } }, "restart"],
    ["a newer version", { opened: [1] }, { core: { "opened@1": 5, "opened@2": 3 } }, "refuse"],
    ["a type nobody knew", { opened: [1] }, { core: { "closed@1": 1 } }, "refuse"],
    ["a count of none", { opened: [1] }, { core: { "opened@2": 0 } }, "restart"],
    ["a type with an @", { "a@b": [1] }, { core: { "a@b@1": 1 } }, "restart"],
    ["a stream of a service without events", { opened: [1] }, { web: { "clicked@9": 1 } }, "restart"],
  ])("%s", (_title, reads, streams, kind) => {
    expect(planData(reading(reads), streams).kind).toBe(kind);
  });

  test("a refusal counts what stands against it and says what would help", () => {
    const refused = planData(
      reading({ opened: [1] }),
      { core: { "opened@1": 5, "opened@2": 3 } },
      { core: { "opened@2": 2 } },
    );
    expect(refused).toEqual({
      kind: "refuse",
      reasons: ["core of that release cannot read 3 opened@2 (2 of them since the running release started)"],
      unreadable: { core: { "opened@2": 3 } },
      help: "Roll forward: repair the running release, or deploy one that reads opened@2. Going back would lose these events.",
    });
    expect(() => requireReadable(reading({}), "c".repeat(40), { core: { "x@1": 1 } })).toThrow(
      expect.objectContaining({ code: "deploy.data", exitCode: 5 }),
    );
  });
});

describe("counting a stream", () => {
  const event = fc.record({
    type: fc.constantFrom("opened", "closed", "ümlaut"),
    version: fc.integer({ min: 1, max: 3 }),
  });

  test("does not depend on how the bytes arrive, and ignores a torn last line", () => {
    fc.assert(
      fc.property(fc.array(event), fc.array(fc.nat(40)), fc.constantFrom("", '{"type":"op'), (events, cuts, torn) => {
        const bytes = Buffer.from(events.map((one) => `${JSON.stringify(one)}\n`).join("") + torn);
        const counter = new StreamCounter("s");
        let at = 0;
        for (const cut of cuts) {
          counter.add(bytes.subarray(at, at + cut));
          at += cut;
        }
        counter.add(bytes.subarray(at));
        const expected: Record<string, number> = {};
        for (const { type, version } of events)
          expected[`${type}@${version}`] = (expected[`${type}@${version}`] ?? 0) + 1;
        expect(counter.mark()).toEqual({
          events: events.length,
          bytes: bytes.length - torn.length,
          versions: expected,
        });
      }),
    );
  });

  test("goes on from a mark as if it had read everything", () => {
    const lines = ['{"type":"a","version":1}\n', '{"type":"b","version":2}\n'];
    const first = new StreamCounter("s");
    first.add(Buffer.from(lines[0] ?? ""));
    const rest = new StreamCounter("s", first.mark());
    rest.add(Buffer.from(lines[1] ?? ""));
    expect(rest.mark()).toEqual({ events: 2, bytes: 50, versions: { "a@1": 1, "b@2": 1 } });
    expect(countsSince(first.mark().versions, rest.mark().versions)).toEqual({ "b@2": 1 });
  });

  test.each(["no json\n", "{}\n", '{"type":"a"}\n', "\n", '{"type":"a","version":1.5}\n'])("refuses %j", (line) => {
    expect(() => new StreamCounter("s").add(Buffer.from(line))).toThrow(
      expect.objectContaining({ code: "deploy.stream-corrupt" }),
    );
  });
});
