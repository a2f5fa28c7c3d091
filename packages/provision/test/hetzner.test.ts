import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hetzner } from "../src/hetzner/client.ts";
import { machineOf } from "../src/hetzner/machines.ts";
import { isLabel, keyLabels, labelsOf, readLabels } from "../src/hetzner/marks.ts";
import { refreshed, rulesOf, seenRules } from "../src/hetzner/rules.ts";
import { CallError, generateSshKey } from "../src/index.ts";
import { readLabels as check } from "../src/local/hetzner/labels.ts";
import { everyMachine, type FirewallRule, type WantedMachine } from "../src/resource.ts";
import { sha256OfKey } from "../src/ssh-key.ts";
import { seenServer } from "./support/hetzner-server.ts";

const machine: WantedMachine = {
  kind: "machine",
  name: "Web.example.org",
  region: "nbg1",
  size: "cx23",
  image: "debian-12",
  tags: ["role:web", "lone"],
  protect: true,
  backups: false,
  firewalls: ["front"],
  userData: "#cloud-config\n",
};

describe("labels", () => {
  const key = generateSshKey("host");
  const labels = labelsOf("prod", machine, key.publicKey, "0123456789abcdef");
  test("of a server are ones that Hetzner takes, and say all again", () => {
    expect(check(labels)).toEqual(labels);
    expect(readLabels(labels)).toMatchObject({
      hostKeys: [key.sha256],
      hostPublicKeys: [key.publicKey.split(" ").slice(0, 2).join(" ")],
      fresh: true,
      protect: true,
      retired: false,
      firewalls: ["front"],
      tags: ["lone", "role:web"],
    });
  });
  test("hold any host key", () => {
    for (let count = 0; count < 200; count += 1) {
      const { publicKey } = generateSshKey("x");
      expect(check(keyLabels([publicKey]))).toBeDefined();
      expect(readLabels(keyLabels([publicKey, key.publicKey])).hostKeys).toEqual([sha256OfKey(publicKey), key.sha256]);
    }
  });
  test.each([
    ["web", true],
    ["role:web", true],
    ["role:", false],
    [":web", false],
    ["_x", false],
    ["a:b:c", false],
    ["slipway.stack:x", false],
    ["x".repeat(64), false],
  ])("%s can be one: %s", (tag, expected) => {
    expect(isLabel(tag)).toBe(expected);
  });
});

describe("a server as a machine", () => {
  test("without marks is nobody's; with them the stack's", () => {
    expect(machineOf(seenServer({}), "prod")).toMatchObject({ ours: false, name: "web", status: "active" });
    const labels = { "slipway.stack": "prod", "slipway.host": "app", "slipway.image": "debian-13" };
    const seen = machineOf(seenServer({ labels, public_net: {}, status: "starting" }), "prod");
    expect(seen).toMatchObject({
      ours: true,
      name: "app",
      label: "web",
      image: "debian-13",
      address: "",
      status: "new",
    });
  });
  test("tells whose it is, and that it is protected by whomever", () => {
    const theirs = machineOf(seenServer({ labels: { "slipway.stack": "blog" } }), "prod");
    expect(theirs).toMatchObject({ ours: false, owners: ["blog"], protect: false });
    expect(machineOf(seenServer({}), "prod")).not.toHaveProperty("owners");
    const labels = { "slipway.stack": "prod" };
    expect(machineOf(seenServer({ labels, protection: { delete: true } }), "prod").protect).toBe(true);
    expect(machineOf(seenServer({ labels: { ...labels, "slipway.protected": "" } }), "prod").protect).toBe(true);
  });
  test("under a spare name has the name of its host", () => {
    const labels = { "slipway.stack": "prod", "slipway.host": "web", "slipway.intent": "0123456789abcdef" };
    expect(machineOf(seenServer({ labels, name: "web-01234567" }), "prod").label).toBe("web");
    expect(machineOf(seenServer({ labels, name: "web-x" }), "prod").label).toBe("web-x");
  });
  test("has no address where what is told is none", () => {
    const public_net = { ipv4: { ip: "192.0.2.7\n  ProxyCommand x" } };
    const seen = machineOf(seenServer({ public_net, private_net: [{ ip: "-oProxyCommand=x" }] }), "prod");
    expect(seen).toMatchObject({ address: "", privateAddress: "" });
  });
  test("tells its location also where the API has it in a datacenter", () => {
    const { location: _gone, ...rest } = seenServer({ datacenter: { location: { name: "hel1" } } });
    expect(machineOf(rest, "prod").region).toBe("hel1");
  });
});

describe("rules of a firewall", () => {
  const everywhere = ["0.0.0.0/0", "::/0"];
  const open = (["tcp", "udp", "icmp"] as const).map(
    (protocol): FirewallRule => ({ protocol, ports: "all", addresses: everywhere, machines: [] }),
  );
  const web: FirewallRule = { protocol: "tcp", ports: "443", addresses: everywhere, machines: [] };
  const db: FirewallRule = { protocol: "tcp", ports: "5432", addresses: ["10.0.0.0/8"], machines: ["web"] };
  const all: FirewallRule = { protocol: "udp", ports: "53", addresses: [], machines: [everyMachine] };
  const machines = [
    { name: "web", address: "198.51.100.1", privateAddress: "10.1.0.1" },
    { name: "db", address: "198.51.100.2", privateAddress: "" },
  ];

  test("come back as they were asked for", () => {
    for (const outbound of [open, [], [web]]) {
      const wanted = { inbound: [web, db, all], outbound };
      expect(seenRules(rulesOf(wanted, machines), machines)).toEqual(wanted);
    }
  });
  test("let all out by not saying so, and nothing by a rule that lets nobody", () => {
    expect(rulesOf({ inbound: [web], outbound: open }, [])).toHaveLength(1);
    expect(rulesOf({ inbound: [], outbound: [] }, [])).toMatchObject([
      { direction: "out", protocol: "icmp", destination_ips: ["192.0.2.1/32"] },
    ]);
  });
  test("take up a machine that comes, and let go of one that went", () => {
    const rules = rulesOf({ inbound: [db], outbound: open }, []);
    expect(rules.map((rule) => rule.source_ips)).toEqual([["10.0.0.0/8"], ["192.0.2.1/32"]]);
    // Without its machine it is as was asked; with it, it lacks its addresses.
    expect(seenRules(rules, []).inbound).toEqual([db]);
    expect(seenRules(rules, machines).inbound).toEqual([{ ...db, machines: [] }]);
    const next = refreshed(rules, machines) ?? [];
    expect(next.map((rule) => rule.source_ips)).toEqual([["10.0.0.0/8"], ["10.1.0.1/32", "198.51.100.1/32"]]);
    expect(seenRules(next, machines).inbound).toEqual([db]);
    expect(refreshed(next, machines)).toBeUndefined();
    expect(seenRules(next, []).inbound[0]?.addresses).toContain("198.51.100.1/32");
    expect(refreshed(next, [])).toEqual(rules);
  });
  test("are stable for any machines", () => {
    const name = fc.constantFrom("a", "b", "c");
    const some = fc.record({
      protocol: fc.constantFrom("tcp" as const, "udp" as const),
      ports: fc.constantFrom("1", "2-3", "all"),
      addresses: fc.uniqueArray(fc.constantFrom("10.0.0.0/8", "192.168.0.0/16"), { minLength: 1 }),
      machines: fc.uniqueArray(name),
    });
    const key = (rule: FirewallRule): string => `${rule.protocol} ${rule.ports}`;
    fc.assert(
      fc.property(fc.uniqueArray(some, { selector: key }), fc.uniqueArray(name), (inbound, there) => {
        const now = there.map((each, at) => ({ name: each, address: `198.51.100.${at}`, privateAddress: "" }));
        expect(seenRules(rulesOf({ inbound, outbound: open }, now), now)).toEqual({ inbound, outbound: open });
      }),
    );
  });
});

describe("the client", () => {
  interface Answer {
    readonly status: number;
    readonly body: object;
    readonly headers?: Record<string, string>;
  }
  /** A client whose calls are answered in turn, and what it asked. */
  async function clientOf(answers: readonly Answer[]): Promise<{
    client: Awaited<ReturnType<typeof hetzner>>;
    asked: string[];
    slept: number[];
  }> {
    const asked: string[] = [];
    const slept: number[] = [];
    let now = 0;
    const clock = {
      now: () => now,
      monotonic: () => now,
      sleep: (ms: number) => {
        slept.push(ms);
        now += ms;
        return Promise.resolve();
      },
    };
    const client = await hetzner({
      url: "https://hetzner.test",
      token: () => Promise.resolve("the-secret-token"),
      clock,
      fetch: (url, init) => {
        const answer = answers[asked.push(`${init.method} ${url.slice("https://hetzner.test".length)}`) - 1];
        if (answer === undefined) throw new Error(`no answer for ${url}`);
        return Promise.resolve(new Response(JSON.stringify(answer.body), answer));
      },
    });
    return { client, asked, slept };
  }
  const pagination = (next: number | null): object => ({ meta: { pagination: { next_page: next, total_entries: 2 } } });
  const key = (id: number): object => ({ id, name: `k${id}`, public_key: "ssh-ed25519 AAAA", labels: {} });
  const error = (status: number, code: string, message: string, details?: object): Answer => ({
    status,
    body: { error: { code, message, details } },
  });

  test("reads all pages, by fifty", async () => {
    const { client, asked } = await clientOf([
      { status: 200, body: { ssh_keys: [key(1)], ...pagination(2) } },
      { status: 200, body: { ssh_keys: [key(2)], ...pagination(null) } },
    ]);
    expect((await client.keys.list()).map(({ id }) => id)).toEqual([1, 2]);
    expect(asked).toEqual(["GET /v1/ssh_keys?per_page=50&page=1", "GET /v1/ssh_keys?per_page=50&page=2"]);
  });

  test("waits a little after a 429: its reset is when all calls are given back", async () => {
    const limited = { ...error(429, "rate_limit_exceeded", "limit reached"), headers: { "ratelimit-reset": "3600" } };
    const { client, slept } = await clientOf([limited, { status: 200, body: { ssh_keys: [], ...pagination(null) } }]);
    await client.keys.list();
    expect(Math.max(...slept)).toBeLessThan(10_000);
    expect(Math.max(...slept)).toBeGreaterThanOrEqual(5_000);
  });

  test.each([
    [error(401, "unauthorized", "unable to authenticate"), "token.refused"],
    [error(403, "resource_limit_exceeded", "server limit exceeded"), "quota.exceeded"],
    [error(409, "uniqueness_error", "server name is already used"), "name.taken"],
    [error(423, "locked", "server is locked"), "machine.busy"],
    [error(423, "protected", "server deletion is protected"), "cloud.protected"],
    [error(404, "not_found", "server not found"), "cloud.absent"],
    [error(422, "invalid_input", "no such type", { fields: [{ name: "server_type" }] }), "size.unknown"],
    [error(422, "invalid_input", "no such place", { fields: [{ name: "location" }] }), "region.unknown"],
    [error(422, "invalid_input", "no", { fields: [{ name: "image" }] }), "image.unknown"],
    [error(412, "resource_unavailable", "sold out"), "cloud.refused"],
    [{ status: 400, body: ["no object"] }, "cloud.unexpected"],
  ])("tells a refusal by its code: %j", async (answer, code) => {
    const { client } = await clientOf([answer]);
    const told = await client.servers.act(7, "poweron").catch((caught: unknown) => caught);
    expect(told).toMatchObject({ code, sure: true });
    expect(told).toBeInstanceOf(CallError);
  });

  test("keeps its secrets, and names Hetzner's token and not another's", async () => {
    const { client } = await clientOf([error(401, "unauthorized", "the-secret-token is bad")]);
    const told = (await client.locations().catch((caught: unknown) => caught)) as CallError;
    expect(told.message).toBe("[secret] is bad (401 at GET /v1/locations)");
    expect(told.hint).toContain("hetzner.token");
  });

  test("says when an answer is none of Hetzner's", async () => {
    const { client } = await clientOf([{ status: 200, body: { ssh_keys: [{ id: "x" }] } }]);
    await expect(client.keys.list()).rejects.toMatchObject({
      code: "cloud.unexpected",
      message: expect.stringContaining("Hetzner's API") as unknown,
    });
  });
});
