import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ProvisionPlan, readSavedPlan, savedPlan, type Wanted } from "../src/index.ts";
import { generateSshKey } from "../src/ssh-key.ts";
import { plan } from "./support/plans.ts";
import { cloud, made, want } from "./support/resources.ts";

const operator = generateSshKey("operator");
const key: Wanted = { kind: "key", name: "operator", publicKey: operator.publicKey };

describe("a saved plan", () => {
  test("a saved plan is read as it was written, and refused when it is anything else", () => {
    const first = plan([key, want("app")], cloud([]));
    const text = savedPlan(first);
    expect(readSavedPlan(text)).toEqual(first);
    expect(() => readSavedPlan(text.replace("lon1", "ams3"))).toThrow(/damaged/);
    expect(() => readSavedPlan(text.slice(0, -20))).toThrow(/cut off/);
    expect(() => readSavedPlan(text.replace('"version": 1', '"version": 9'))).toThrow(/format 9/);
    expect(() => readSavedPlan("[]")).toThrow(/no saved plan/);
  });

  test("a saved plan that was altered, its sum made to fit, is refused", () => {
    const first = plan(
      [
        key,
        want("app", { userData: "#!/bin/sh\n" }),
        { kind: "volume", name: "data", region: "lon1", gigabytes: 10, machine: "app", protect: true },
        { kind: "reserved-ip", name: "front", machine: "app" },
        {
          kind: "firewall",
          name: "edge",
          machines: [],
          inbound: [{ protocol: "tcp", ports: "22", addresses: ["0.0.0.0/0"], machines: [] }],
          outbound: [],
        },
        { kind: "domain", name: "example.org" },
        {
          kind: "record",
          name: "example.org www A",
          domain: "example.org",
          host: "www",
          type: "A",
          ttl: 60,
          data: { of: "machine app" },
        },
        { kind: "project", name: "all", purpose: "x", environment: "Staging", members: ["machine app"] },
      ],
      cloud([made("old", 3)]),
    );
    expect(readSavedPlan(savedPlan(first))).toEqual(first);
    const bad = (value: unknown): unknown => {
      try {
        return readSavedPlan(savedPlan(value as ProvisionPlan));
      } catch (error) {
        return error;
      }
    };
    const altered = { ...first, steps: first.steps.map((step) => ({ ...step, do: "delete", cloudId: "9" })) };
    const again = (content: object): object => ({
      ...content,
      digest: createHash("sha256").update(JSON.stringify(content)).digest("hex"),
    });
    const { digest: _, ...content } = first;
    expect(readSavedPlan(savedPlan(again(content) as ProvisionPlan))).toEqual(first);
    for (const value of [
      altered,
      null,
      [],
      "plan",
      {},
      again({ ...content, steps: [null] }),
      again({ ...content, wanted: [{ kind: "machine", name: "app" }] }),
      again({ ...content, wanted: [{ kind: "toString", name: "app" }] }),
      again({ ...content, options: null }),
      again({ ...content, problems: {} }),
    ])
      expect(bad(value)).toMatchObject({ code: "plan.unreadable", exitCode: 2 });
  });

  test("the digest is the same for the same, and differs when the cloud does", () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9-]{0,6}[a-z0-9]$/), { maxLength: 6 });
    fc.assert(
      fc.property(names, names, (wanted, there) => {
        const hosts = wanted.map((host) => want(host));
        const seen = cloud(there.map((host, at) => made(host, at + 1)));
        const first = plan(hosts, seen);
        expect(plan(structuredClone(hosts), structuredClone(seen))).toEqual(first);
        expect(JSON.parse(JSON.stringify(first))).toEqual(first);
        expect(plan(hosts, cloud([...seen.seen, made("zz-more", 99)])).digest).not.toBe(first.digest);
      }),
    );
  });
});
