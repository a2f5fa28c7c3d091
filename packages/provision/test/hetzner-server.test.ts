import { describe, expect, test } from "vitest";
import { droplet, openCloud, server, wantedOf } from "../src/index.ts";

describe("server(…)", () => {
  const spec = { cloud: "local", location: "nbg1", type: "cx23" } as const;
  test("becomes plain data", () => {
    const [, one] = wantedOf([{ name: "web", on: server({ ...spec, tags: ["a:b"] }) }], [], "ssh-ed25519 AAAA");
    expect(one).toEqual({
      kind: "machine",
      name: "web",
      region: "nbg1",
      size: "cx23",
      image: "debian-12",
      tags: ["a:b"],
      protect: false,
      backups: false,
      firewalls: [],
    });
  });
  test("refuses what Hetzner does not take", () => {
    for (const bad of [
      { tags: ["_"] },
      { tags: ["a:b", "a:c"] },
      { userData: "x" },
      { userData: `#!${"x".repeat(40_000)}` },
    ])
      expect(() => server({ ...spec, ...bad })).toThrow(
        expect.objectContaining({ code: "config.bad-argument" }) as Error,
      );
    // @ts-expect-error a location of another provider
    server({ ...spec, location: "lon1" });
    // @ts-expect-error a token or the local cloud
    server({ location: "nbg1", type: "cx23" });
  });
  test("is of one cloud with the other hosts", async () => {
    const on = droplet({ cloud: "local", region: "lon1", size: "s-1vcpu-1gb" });
    const both = [
      { name: "a", on },
      { name: "b", on: server(spec) },
    ];
    await expect(openCloud(both, { name: "x" })).rejects.toMatchObject({ code: "plan.problems" });
  });
});
