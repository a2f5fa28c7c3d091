import { Resolver } from "node:dns/promises";
import { ssh as connectBySsh } from "@slipway/connection";
import { type Machine, startMachine } from "@slipway/machines";
import { type Connection, debian, type Host, type HostInfo, hostInfo, revert } from "@slipway/model";
import { afterAll, beforeAll, expect, test } from "vitest";
import { apply, dns, formatReport, type Report } from "../src/index.ts";

let machine: Machine;
let connection: Connection;

beforeAll(async () => {
  machine = await startMachine({ name: "dns", distro: "debian-13" });
  const { name: host, address, port, user, hostKey, privateKey } = machine;
  connection = await connectBySsh({ host, address, port, user, hostKeys: [hostKey.sha256] }, { privateKey });
});
afterAll(async () => {
  await connection?.[Symbol.asyncDispose]();
  await machine?.[Symbol.asyncDispose]();
});

const make = async (property: Host["has"][number], others: readonly HostInfo[]): Promise<Report> => {
  const host: Host = {
    name: "dns",
    os: "debian",
    distro: debian("13"),
    on: { provider: "test", spec: {} },
    has: [property],
    can: () => true,
  };
  const self = { ...hostInfo(host), address: machine.address };
  const report = await apply(host, connection, { around: { self, hosts: [self, ...others] } });
  expect(report.failed + report.blocked, formatReport(report)).toBe(0);
  return report;
};

test("a zone is served with what the hosts tell; its serial grows when it changes, and only then", async () => {
  const web = (address: string): HostInfo => ({
    name: "web",
    os: "debian",
    version: "12",
    address,
    info: [{ kind: "name", name: "www.example.org" }],
  });
  const zone = dns.zone("example.org", {
    records: [
      { name: "@", type: "MX", priority: 10, to: "mail.example.net" },
      { name: "shop", type: "CNAME", to: "www" },
      { name: "@", type: "TXT", text: 'v=spf1 include:"quoted" -all' },
      { name: "_ssh._tcp", type: "SRV", port: 22, to: "www" },
      { name: "*.lab", type: "AAAA", to: "2001:DB8::7" },
    ],
  });
  await make(zone, [web("192.0.2.1")]);
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  resolver.setServers([machine.address]);
  expect(await resolver.resolve4("www.example.org")).toEqual(["192.0.2.1"]);
  expect(await resolver.resolve4("ns1.example.org")).toEqual([machine.address]);
  expect(await resolver.resolve4("shop.example.org")).toEqual(["192.0.2.1"]);
  expect(await resolver.resolve6("any.lab.example.org")).toEqual(["2001:db8::7"]);
  expect(await resolver.resolveMx("example.org")).toMatchObject([{ exchange: "mail.example.net", priority: 10 }]);
  expect(await resolver.resolveTxt("example.org")).toEqual([['v=spf1 include:"quoted" -all']]);
  expect(await resolver.resolveSrv("_ssh._tcp.example.org")).toMatchObject([
    { name: "www.example.org", port: 22, priority: 0, weight: 0 },
  ]);
  const serial = async (): Promise<number> => (await resolver.resolveSoa("example.org")).serial;
  expect(await serial()).toBe(1);
  expect(await make(zone, [web("192.0.2.1")])).toMatchObject({ changed: 0, roundTrips: 1 });
  await make(zone, [web("192.0.2.2")]);
  // nsd loads the zone after it has answered the reload.
  await expect.poll(() => resolver.resolve4("www.example.org"), { timeout: 30_000 }).toEqual(["192.0.2.2"]);
  expect(await serial()).toBe(2);
  await make(revert(zone), []);
  await expect(resolver.resolve4("www.example.org")).rejects.toThrow("REFUSED");
});
