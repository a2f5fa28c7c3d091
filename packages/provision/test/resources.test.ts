import { debian, host, type Info } from "@slipway/model";
import { describe, expect, test } from "vitest";
import {
  domain,
  droplet,
  type FirewallRule,
  firewall,
  type Kind,
  project,
  type Resource,
  record,
  reservedIp,
  sshKey,
  volume,
  type Wanted,
  type WantedOf,
  wantedOf,
} from "../src/index.ts";
import { generateSshKey } from "../src/ssh-key.ts";
import { existing } from "./support/existing.ts";

const operator = generateSshKey("operator").publicKey;
const on = droplet({ cloud: "local", region: "lon1", size: "s-1vcpu-1gb" });
const tells = (...info: readonly Info[]) => [{ info }];
const port = (at: number, from: "anywhere" | "platform" | "host"): Info => ({
  kind: "port",
  port: at,
  protocol: "tcp",
  owner: `p${at}`,
  from,
});
const web = {
  name: "web",
  on,
  has: tells(port(443, "anywhere"), port(9100, "platform"), port(6379, "host"), {
    kind: "name",
    name: "shop.example.org",
  }),
};
const db = { name: "db", on, has: tells(port(5432, "platform"), { kind: "name", name: "Example.org" }) };
const old = { name: "old", on: existing("192.0.2.9"), has: tells({ kind: "name", name: "old.example.org" }) };
const hosts = [web, db, old];

const plain = <K extends Kind>(kind: K, ...resources: readonly Resource[]): readonly WantedOf<K>[] =>
  wantedOf(hosts, resources, operator).filter((one: Wanted): one is WantedOf<K> => one.kind === kind);
const said = (rules: readonly FirewallRule[]): readonly string[] =>
  rules.map((rule) => `${rule.protocol} ${rule.ports} ${[...rule.addresses, ...rule.machines].join(" ")}`).sort();

const anywhere = "0.0.0.0/0 ::/0";

describe("a firewall", () => {
  test("opens what the hosts' properties tell of, to those it is for, and SSH", () => {
    const [edge] = plain("firewall", firewall("edge", { on: [web] }));
    expect(edge?.machines).toEqual(["web"]);
    expect(said(edge?.inbound ?? [])).toEqual([`tcp 22 ${anywhere}`, `tcp 443 ${anywhere}`, "tcp 9100 192.0.2.9/32 *"]);
    expect(said(edge?.outbound ?? [])).toEqual([`icmp all ${anywhere}`, `tcp all ${anywhere}`, `udp all ${anywhere}`]);
  });

  test("allows more, keeps SSH to whom it is said, and stands before the machines it names", () => {
    const edge = firewall("edge", {
      on: [db],
      told: "ignored",
      ssh: ["10.0.0.0/8"],
      allows: [
        { tcp: "8000-8010", from: [web, old] },
        { udp: 53 },
        { icmp: true, from: "platform" },
        { tcp: 22, from: [web] },
      ],
      reaches: [{ tcp: 443 }],
    });
    const [wanted] = plain("firewall", edge);
    expect(said(wanted?.inbound ?? [])).toEqual([
      "icmp all 192.0.2.9/32 *",
      "tcp 22 10.0.0.0/8 web",
      "tcp 8000-8010 192.0.2.9/32 web",
      `udp 53 ${anywhere}`,
    ]);
    expect(said(wanted?.outbound ?? [])).toEqual([`tcp 443 ${anywhere}`]);
    expect(plain("machine", edge).map((one) => one.firewalls)).toEqual([[], ["edge"]]);
    const shut = plain("firewall", firewall("shut", { on: [db], told: "ignored", ssh: "nobody" }));
    expect(shut[0]?.inbound).toEqual([]);
  });

  test("refuses ports and networks that are none", () => {
    expect(() => firewall("edge", { on: [web], allows: [{ tcp: 0 }] })).toThrow(/0 is no port/);
    expect(() => firewall("edge", { on: [web], allows: [{ tcp: "90-80" }] })).toThrow(/90-80 is no port/);
    expect(() => firewall("edge", { on: [web], ssh: ["10.0.0.0/33"] })).toThrow(/no network/);
    expect(() => firewall("edge", { on: [old] })).toThrow(/not one that is made here/);
  });
});

describe("a domain", () => {
  test("leads names that properties tell of to their machines, or to the reserved address before them", () => {
    const zone = domain("example.org", { records: [record.a("www", web), record.a("www", "192.0.2.1")] });
    expect(plain("record", zone).map(({ name, host: at, data }) => [name, at, data])).toEqual([
      ["example.org www A machine web", "www", { of: "machine web" }],
      ["example.org www A 192.0.2.1", "www", "192.0.2.1"],
      ["example.org shop A", "shop", { of: "machine web" }],
      ["example.org @ A", "@", { of: "machine db" }],
      ["example.org old A", "old", "192.0.2.9"],
    ]);
    const front = plain("record", domain("example.org"), reservedIp("front", { on: web }));
    expect(front[0]?.data).toEqual({ of: "reserved-ip front" });
    const smaller = plain("record", domain("example.org"), domain("shop.example.org"));
    expect(smaller.map((one) => one.name)).toEqual(["example.org @ A", "example.org old A", "shop.example.org @ A"]);
  });

  test("takes records of every type, names spelt whole", () => {
    const records = [
      record.aaaa("six", "2001:DB8::1"),
      record.cname("blog", "www"),
      record.mx("@", "mail", { priority: 10 }),
      record.mx("@", "mx.example.net.", { priority: 20 }),
      record.txt("@", "v=spf1 -all"),
      record.ns("sub", "ns1.example.net."),
      record.srv("_sip._tcp", "@", { port: 5060, priority: 1, weight: 5 }),
      record.caa("@", "letsencrypt.org", { tag: "issue" }),
      record.caa("no", ";", { tag: "issue" }),
      record.caa("acme", "letsencrypt.org; validationmethods=dns-01", { tag: "issue" }),
      record.txt("quoted", '"v=spf1 -all"'),
      record.txt("two", '"a" "b"'),
    ];
    const wanted = plain("record", domain("example.org", { told: "ignored", records }));
    expect(wanted.map((one) => `${one.name}: ${typeof one.data === "string" ? one.data : one.data.of}`)).toEqual([
      "example.org six AAAA: 2001:db8::1",
      "example.org blog CNAME: www.example.org.",
      "example.org @ MX mail.example.org.: mail.example.org.",
      "example.org @ MX mx.example.net.: mx.example.net.",
      "example.org @ TXT: v=spf1 -all",
      "example.org sub NS: ns1.example.net.",
      "example.org _sip._tcp SRV: example.org.",
      "example.org @ CAA: letsencrypt.org.",
      "example.org no CAA: ;",
      "example.org acme CAA: letsencrypt.org; validationmethods=dns-01",
      "example.org quoted TXT: v=spf1 -all",
      'example.org two TXT: "a" "b"',
    ]);
    expect(wanted[7]).toMatchObject({ flags: 0, tag: "issue", ttl: 1800 });
  });

  test("refuses records that cannot be", () => {
    expect(() => record.txt("a b", "x")).toThrow(/no name of a record/);
    expect(() => record.txt("@", "")).toThrow(/is empty/);
    expect(() => record.txt("@", "x", { ttl: 5 })).toThrow(/no ttl/);
    expect(() => record.mx("@", "mail", { priority: 70_000 })).toThrow(/no priority/);
    expect(() => record.a("www", "300.1.1.1")).toThrow(/no IPv4/);
  });
});

test("volumes, addresses, keys and projects become plain data", () => {
  const data = volume("data", { on: web, gigabytes: 50, filesystem: "ext4", protect: true });
  const ada = sshKey("ada", operator as "ssh-ed25519 A");
  const all = [data, volume("spare", { region: "ams3", gigabytes: 1 }), domain("example.com"), ada];
  expect(plain("volume", ...all)).toEqual([
    { kind: "volume", name: "data", region: "lon1", gigabytes: 50, filesystem: "ext4", machine: "web", protect: true },
    { kind: "volume", name: "spare", region: "ams3", gigabytes: 1, protect: false },
  ]);
  expect(plain("key", ...all).map((one) => one.name)).toEqual(["operator", "ada"]);
  expect(plain("project", ...all, project("shop", { environment: "Production" }))).toEqual([
    {
      kind: "project",
      name: "shop",
      purpose: "Web Application",
      environment: "Production",
      members: ["machine web", "machine db", "volume data", "volume spare", "domain example.com"],
    },
  ]);
  expect(() => volume("data", { on: old, gigabytes: 1 })).toThrow(/not one that is made here/);
});

test("what is wrong does not compile", () => {
  const fits = host("fits", { on, os: debian("12"), has: [] });
  expect(() => [
    volume("data", { on: fits, gigabytes: 1 }),
    // @ts-expect-error a host, not its name
    () => volume("data", { on: "web", gigabytes: 1 }),
    // @ts-expect-error neither a host nor a region
    () => volume("data", { gigabytes: 1 }),
    // @ts-expect-error there is no such file system
    () => volume("data", { on: fits, gigabytes: 1, filesystem: "zfs" }),
    // @ts-expect-error before nothing
    () => firewall("edge", { on: [] }),
    // @ts-expect-error a rule has one protocol
    () => firewall("edge", { on: [fits], allows: [{ sctp: 1 }] }),
    // @ts-expect-error no network
    () => firewall("edge", { on: [fits], ssh: ["10.0.0.1"] }),
    // @ts-expect-error no address
    () => record.a("www", "example.org"),
    // @ts-expect-error a priority is needed
    () => record.mx("@", "mail"),
    // @ts-expect-error no name of a service
    () => record.srv("sip", "@", { port: 1, priority: 1, weight: 1 }),
    // @ts-expect-error no key
    () => sshKey("ada", "AAAA"),
    // @ts-expect-error there is no such environment
    () => project("shop", { environment: "Test" }),
  ]).not.toThrow();
});
