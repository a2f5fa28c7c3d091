import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { settling, stateFiles } from "../src/local/gateway.ts";
import { metadataFiles } from "../src/local/metadata.ts";
import { readRecord, validDomain } from "../src/local/records.ts";
import type { DropletRecord } from "../src/local/store.ts";
import { tar } from "../src/local/tar.ts";
import { type Domain, type DomainRecord, servedZone, zoneFile } from "../src/local/zones.ts";

const none = { priority: null, port: null, weight: null, flags: null, tag: null };
const record = (more: Partial<DomainRecord>): DomainRecord => ({
  id: 1,
  type: "A",
  name: "@",
  data: "192.0.2.1",
  ttl: 1800,
  ...none,
  ...more,
});
const domain = (...records: DomainRecord[]): Domain => ({ name: "example.org", serial: 7, records });
const soa = record({ id: 9, type: "SOA", data: "1800" });

test("a zone file has every type", () => {
  const zone = domain(
    soa,
    record({ type: "NS", data: "ns1.digitalocean.com" }),
    record({}),
    record({ type: "AAAA", name: "*.w", data: "2001:db8::1", ttl: 30 }),
    record({ type: "CNAME", name: "www", data: "@" }),
    record({ type: "MX", data: "mail.example.net", priority: 10 }),
    record({ type: "SRV", name: "_sip._tcp", data: "sip.example.org", priority: 1, weight: 2, port: 5060 }),
    record({ type: "CAA", data: "letsencrypt.org", flags: 0, tag: "issue" }),
    record({ type: "TXT", data: 'v=1 "a"; \\ é' }),
    record({ type: "TXT", name: "two", data: '"a b" "c\\"d"' }),
  );
  expect(zoneFile(zone)).toBe(`$ORIGIN example.org.
$TTL 1800
example.org. IN SOA ns1.digitalocean.com. hostmaster.example.org. 7 10800 3600 604800 1800
example.org. 1800 IN NS ns1.digitalocean.com.
example.org. 1800 IN A 192.0.2.1
*.w.example.org. 30 IN AAAA 2001:db8::1
www.example.org. 1800 IN CNAME example.org.
example.org. 1800 IN MX 10 mail.example.net.
_sip._tcp.example.org. 1800 IN SRV 1 2 5060 sip.example.org.
example.org. 1800 IN CAA 0 issue "letsencrypt.org"
example.org. 1800 IN TXT "v=1 \\"a\\"; \\\\ \\195\\169"
two.example.org. 1800 IN TXT "a b" "c\\"d"
`);
  expect(servedZone(zone)).toBe(zoneFile(zone));
});

test("a zone without its name servers is served with one", () => {
  const zone = domain(soa, record({ type: "NS", name: "sub", data: "ns.example.net" }));
  expect(servedZone(zone)).toBe(`${zoneFile(zone)}example.org. 1800 IN NS ns1.digitalocean.com.\n`);
});

test("no text makes more than one line of a zone, nor a string longer than 255 bytes", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 600 }), (data) => {
      const [, , , line = "", ...more] = zoneFile(domain(soa, record({ type: "TXT", data }))).split("\n");
      expect(more).toEqual([""]);
      expect(line).toMatch(/^example\.org\. 1800 IN TXT "/);
      for (const [, string = ""] of line.matchAll(/"((?:[^"\\]|\\\d{3}|\\.)*)"/g))
        expect(string.replace(/\\(\d{3}|.)/g, "x").length).toBeLessThanOrEqual(255);
    }),
    { numRuns: 30 },
  );
});

test.each<[object, string]>([
  [{ type: "PTR", name: "a", data: "b." }, "Type is not a valid record type"],
  [{ name: "a", data: "192.0.2.1" }, "Type can't be blank"],
  [{ type: "A", data: "192.0.2.1" }, "Name can't be blank"],
  [{ type: "A", name: "a b", data: "192.0.2.1" }, "Name is invalid"],
  [{ type: "A", name: "a", data: "2001:db8::1" }, "IP address did not match IPv4 format (e.g. 127.0.0.1)."],
  [{ type: "A", name: "a", data: "192.0.2.1", ttl: 29 }, "record ttl must be greater than 30"],
  [{ type: "CNAME", name: "a", data: "b.example.net" }, "Data needs to end with a dot (.)"],
  [{ type: "MX", name: "@", data: "b.example.net", priority: 1 }, "Data needs to end with a dot (.)"],
  [{ type: "MX", name: "@", data: "b.example.net." }, "Priority can't be blank"],
  [{ type: "NS", data: "b.example.net" }, "Data needs to end with a dot (.)"],
  [{ type: "SRV", name: "_a._tcp", data: "b.", priority: 1, weight: 1 }, "Port can't be blank"],
  [{ type: "SRV", name: "_a._tcp", data: "b", priority: 1, weight: 1, port: 2 }, "Data needs to end with a dot (.)"],
  [{ type: "CAA", name: "@", data: "b.", flags: 256, tag: "issue" }, "Flags must be between 0 and 255"],
  [{ type: "CAA", name: "@", data: "b.", flags: 0, tag: "no" }, "Tag must be one of: issue, issuewild, iodef"],
  [{ type: "CAA", name: "@", data: "x".repeat(256), flags: 0, tag: "iodef" }, "Data is too long"],
  [{ type: "AAAA", name: "a", data: "fe80::1%eth0" }, "IP address did not match IPv6 format"],
  ...[`${"a".repeat(64)}.b.`, `${"a.".repeat(126)}bc.`].flatMap((data): [object, string][] => [
    [{ type: "CNAME", name: "a", data }, "Data is invalid"],
    [{ type: "MX", name: "@", data, priority: 1 }, "Data is invalid"],
    [{ type: "NS", data }, "Data is invalid"],
    [{ type: "SRV", name: "_a._tcp", data, priority: 1, weight: 1, port: 2 }, "Data is invalid"],
  ]),
  [{ type: "CNAME", name: "@", data: "b." }, "CNAME records cannot share a name with other records"],
  [{ type: "A", name: "www", data: "192.0.2.1" }, "CNAME records cannot share a name with other records"],
  [{ type: "CNAME", name: "web", data: "b." }, "CNAME records cannot share a name with other records"],
])("refuses %j", (body, message) => {
  const zone = domain(soa, record({ type: "CNAME", name: "www", data: "@" }), record({ name: "web" }));
  expect(() => readRecord(zone, body as Record<string, unknown>)).toThrow(message);
});

test("reads names in full, defaults, and what clients leave out", () => {
  expect(readRecord(domain(soa), { type: "A", name: "Sub.Example.org.", data: "192.0.2.1", ttl: 0, tag: "" })).toEqual({
    type: "A",
    name: "sub",
    data: "192.0.2.1",
    ttl: 1800,
    ...none,
  });
  const caa = { type: "CAA", name: "@", data: "mailto:a@example.org", flags: 0, tag: "iodef" };
  expect(readRecord(domain(soa), caa)).toMatchObject(caa);
  // 253 characters, as many as a name may have.
  const longest = { type: "CNAME", name: "a", data: "a.".repeat(127) };
  expect(readRecord(domain(soa), longest).data).toHaveLength(253);
});

test("a domain has two labels, and no name in its zone is longer than may be", () => {
  const long = `${"a.".repeat(120)}bc`;
  expect(["example.org", "org", long, `a.${long}`].map(validDomain)).toEqual([true, false, true, false]);
  expect(zoneFile({ ...domain(soa), name: long })).toContain(` hostmaster.${long}. `);
  expect(`hostmaster.${long}`).toHaveLength(253);
});

test("a change of a CNAME must say its data again, as at DigitalOcean; one of an A record need not", () => {
  const alias = record({ type: "CNAME", name: "www", data: "web.example.org" });
  const zone = domain(soa, alias);
  expect(() => readRecord(zone, { ttl: 60 }, alias)).toThrow("Data needs to end with a dot (.)");
  expect(readRecord(zone, { ttl: 60, data: "web.example.org." }, alias)).toMatchObject({ ttl: 60, data: alias.data });
  expect(readRecord(domain(record({})), { ttl: 60 }, record({}))).toMatchObject({ ttl: 60, data: "192.0.2.1" });
  expect(readRecord(zone, { ttl: 60, data: "x", type: "A" }, soa)).toMatchObject({ type: "SOA", ttl: 60, data: "60" });
});

const droplet: Partial<DropletRecord> = {
  id: 4711,
  container: "c",
  name: "web",
  status: "new",
  createdAt: "",
  region: "lon1",
  size: "",
  image: "",
  tags: ["a:b", "t".repeat(255)],
  rootKeys: ["ssh-ed25519 A", "ssh-ed25519 B"],
  userData: "#!/bin/sh\n",
  address: "10.255.255.253",
  createAction: 1,
  privateAddress: "10.16.0.5/20",
};

test("metadata is a tree with an index in every folder", () => {
  const net = { address: "10.0.0.2", netmask: "255.255.252.0", gateway: "10.0.0.1" };
  const files = metadataFiles({
    id: 4711,
    hostname: "web",
    region: "lon1",
    userData: "",
    publicKeys: ["A", "B"],
    tags: ["a", "b"],
    nameservers: ["10.0.3.254"],
    publicNet: net,
    reservedIp: "10.0.1.1",
  });
  expect(files.get("metadata/v1/index")).toBe(
    "id\nhostname\nuser-data\nvendor-data\npublic-keys\nregion\ninterfaces/\ndns/\nfloating_ip/\nreserved_ip/\ntags/\nfeatures/",
  );
  expect(files.get("metadata/v1/interfaces/public/index")).toBe("0/");
  expect(files.get("metadata/v1/interfaces/public/0/ipv4/index")).toBe("address\nnetmask\ngateway");
  expect(files.get("metadata/v1/interfaces/public/0/mac")).toBe("02:42:0a:00:00:02");
  expect(files.get("metadata/v1/reserved_ip/ipv4/ip_address")).toBe("10.0.1.1");
  expect(files.get("metadata/v1/public-keys")).toBe("A\nB");
  expect(files.get("metadata/v1/tags/index")).toBe("a\nb");
  expect(JSON.parse(files.get("metadata/v1.json") ?? "")).toMatchObject({
    droplet_id: 4711,
    interfaces: { public: [{ ipv4: { ip_address: "10.0.0.2" }, type: "public" }] },
    reserved_ip: { ipv4: { active: true, ip_address: "10.0.1.1" } },
  });
});

test("what is served fits an archive, and its configuration comes last", () => {
  const files = stateFiles(
    { address: "10.255.255.254" },
    {
      droplets: [droplet as DropletRecord],
      domains: [domain(soa)],
      reserved: [{ address: "10.255.255.250", droplet: 4711 }],
      outer: ["192.0.2.53"],
    },
  );
  const folder = "/srv/0123456789ab";
  const listed = execFileSync("tar", ["t"], {
    input: tar(files.map((file) => ({ ...file, path: `${folder}/${file.path}` }))),
    encoding: "utf8",
  });
  expect(listed.trim().split("\n").at(-1)).toBe("srv/0123456789ab/named.conf");
  expect(listed).toContain("/metadata/10.255.255.253/metadata/v1/interfaces/public/0/ipv4/gateway\n");
  const second = files.find((file) => file.path.endsWith("/interfaces/private/0/ipv4/netmask"));
  expect(second?.content).toBe("255.255.240.0");
  const told = files.find((file) => file.path.endsWith("/reserved_ip/ipv4/ip_address"));
  expect(told?.content).toBe("10.255.255.250");
  const config = String(files.at(-1)?.content);
  expect(config).toContain("forwarders { 192.0.2.53; };");
  expect(config).toMatch(/zone "example\.org" \{ type primary; file "\/srv\/now\/zones\/[0-9a-f]{16}"; \};/);
});

test("each call settles after a run that began after it, and runs never overlap", async () => {
  let state = 0;
  let inside = 0;
  let runs = 0;
  let seen = -1;
  const settle = settling(async () => {
    inside += 1;
    runs += 1;
    expect(inside).toBe(1);
    const read = state;
    await new Promise((resolve) => setImmediate(resolve));
    seen = read;
    inside -= 1;
  });
  const calls: Promise<void>[] = [];
  for (let at = 1; at <= 20; at += 1) {
    state = at;
    calls.push(settle().then(() => expect(seen).toBeGreaterThanOrEqual(at)));
    if (at % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(calls);
  expect(seen).toBe(20);
  expect(runs).toBeLessThan(20);
});
