import { execFileSync } from "node:child_process";
import { Resolver } from "node:dns/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalCloud, startLocalCloud } from "../src/local/cloud.ts";
import { domainsOf } from "../src/local/domains.ts";
import { engineAt } from "../src/local/engine.ts";
import { gatewayOf } from "../src/local/gateway.ts";
import { putResource } from "../src/local/resources.ts";
import type { Cloud } from "../src/local/state.ts";
import { inContainer, part, type Said, say } from "./support/api.ts";
import { heldBy, nothing } from "./support/cloud.ts";

const name = `n${process.pid}`;
let cloud: LocalCloud;
const call = (method: string, path: string, body?: object): Promise<Said> => say(cloud, method, path, body);

beforeAll(async () => {
  cloud = await startLocalCloud({ name });
});
const clear = async (): Promise<void> => {
  const droplets = (await call("GET", "/v2/droplets")).body["droplets"] as { id: number }[];
  for (const { id } of droplets) await call("DELETE", `/v2/droplets/${id}`);
  for (const domain of ["example.org", "example.net"]) await call("DELETE", `/v2/domains/${domain}`);
};
afterAll(async () => {
  await clear();
  await cloud[Symbol.asyncDispose]();
});

async function resolver(): Promise<Resolver> {
  const address = await gatewayOf(engineAt(), name);
  const made = new Resolver({ timeout: 1_000, tries: 3 });
  made.setServers([address ?? ""]);
  return made;
}
const records = "/v2/domains/example.org/records";

/** Asks until the answer is the wanted one, or ten seconds are over, which is long also on a busy machine; gives the last answer. */
async function within<T>(ask: () => Promise<T>, wanted: T): Promise<T | string> {
  const until = Date.now() + 10_000;
  for (;;) {
    const answer = await ask().catch((error: NodeJS.ErrnoException) => error.code ?? "");
    if (JSON.stringify(answer) === JSON.stringify(wanted) || Date.now() > until) return answer;
  }
}

test("keeps domains as DigitalOcean does, and answers for them", async () => {
  const made = await call("POST", "/v2/domains", { name: "Example.org", ip_address: "192.0.2.7" });
  expect(made).toEqual({ status: 201, body: { domain: { name: "example.org", ttl: 1800, zone_file: null } } });
  expect(await call("POST", "/v2/domains", { name: "example.org" })).toMatchObject({
    status: 422,
    body: { message: "domain 'example.org': name already exists" },
  });
  const first = (await call("GET", records)).body["domain_records"] as { type: string; data: string }[];
  expect(first.map(({ type, data }) => `${type} ${data}`)).toEqual([
    "SOA 1800",
    "NS ns1.digitalocean.com",
    "NS ns2.digitalocean.com",
    "NS ns3.digitalocean.com",
    "A 192.0.2.7",
  ]);
  const wanted: readonly object[] = [
    { type: "CNAME", name: "www", data: "@" },
    { type: "CNAME", name: "out", data: "web.example.net." },
    { type: "A", name: "*.w", data: "192.0.2.8" },
    { type: "AAAA", name: "six", data: "2001:db8::1" },
    { type: "MX", name: "@", data: "mail.example.org.", priority: 10 },
    { type: "TXT", name: "@", data: 'v=1 "a" \\ ;' },
    { type: "SRV", name: "_sip._tcp", data: "sip.example.org.", priority: 1, weight: 2, port: 5060, flags: null },
    { type: "CAA", name: "@", data: "letsencrypt.org.", flags: 0, tag: "issue" },
  ];
  for (const record of wanted) expect((await call("POST", records, record)).status).toBe(201);
  await call("POST", "/v2/domains", { name: "example.net" });
  await call("POST", "/v2/domains/example.net/records", { type: "A", name: "web", data: "192.0.2.9" });

  const dns = await resolver();
  expect(await within(() => dns.resolve4("web.example.net"), ["192.0.2.9"])).toEqual(["192.0.2.9"]);
  expect(await dns.resolve4("example.org")).toEqual(["192.0.2.7"]);
  expect(await dns.resolve4("www.example.org")).toEqual(["192.0.2.7"]);
  expect(await dns.resolve4("out.example.org")).toEqual(["192.0.2.9"]);
  expect(await dns.resolve4("any.w.example.org")).toEqual(["192.0.2.8"]);
  expect(await dns.resolve6("six.example.org")).toEqual(["2001:db8::1"]);
  expect(await dns.resolveMx("example.org")).toMatchObject([{ exchange: "mail.example.org", priority: 10 }]);
  expect(await dns.resolveTxt("example.org")).toEqual([['v=1 "a" \\ ;']]);
  expect(await dns.resolveSrv("_sip._tcp.example.org")).toMatchObject([{ name: "sip.example.org", port: 5060 }]);
  expect(await dns.resolveCaa("example.org")).toMatchObject([{ critical: 0, issue: "letsencrypt.org" }]);
  expect((await dns.resolveNs("example.org")).toSorted()).toEqual([1, 2, 3].map((at) => `ns${at}.digitalocean.com`));
  await expect(dns.resolve4("no.example.org")).rejects.toMatchObject({ code: "ENOTFOUND" });

  // A changed record is served soon, a removed one is gone.
  const found = await call("GET", `${records}?name=any.w.example.org&type=A`);
  expect(found.body["domain_records"]).toEqual([]);
  const filtered = (await call("GET", `${records}?name=*.w.example.org&type=A`)).body["domain_records"];
  const [{ id }] = filtered as [{ id: number }];
  expect(await call("PATCH", `${records}/${id}`, { data: "192.0.2.88", ttl: 60 })).toMatchObject({
    status: 200,
    body: { domain_record: { id, name: "*.w", data: "192.0.2.88", ttl: 60 } },
  });
  expect(await within(() => dns.resolve4("any.w.example.org"), ["192.0.2.88"])).toEqual(["192.0.2.88"]);
  expect((await call("DELETE", `${records}/${id}`)).status).toBe(204);
  expect((await call("GET", `${records}/${id}`)).status).toBe(404);
  expect(await within<unknown>(() => dns.resolve4("any.w.example.org"), "ENOTFOUND")).toBe("ENOTFOUND");
  expect(part(await call("GET", "/v2/domains/example.org"), "domain")["zone_file"]).toContain(
    "\nexample.org. 1800 IN MX 10 mail.example.org.\n",
  );
});

test("droplets find each other by name, and what the cloud knows of them", async () => {
  const asking = "curl -s http://169.254.169.254/metadata/v1/";
  const made = await call("POST", "/v2/droplets", {
    names: ["one", "two"],
    region: "lon1",
    size: "s-1vcpu-1gb",
    image: "debian-12-x64",
    tags: ["colour:blue", "b"],
    user_data: `#!/bin/sh\n${asking}id > /root/id\n`,
  });
  const [one = 0, two = 0] = (made.body["droplets"] as { id: number }[]).map(({ id }) => id);
  const address = async (id: number): Promise<string> => {
    for (;;) {
      const { networks } = part(await call("GET", `/v2/droplets/${id}`), "droplet") as {
        networks: { v4: { ip_address: string }[] };
      };
      if (networks.v4[0] !== undefined) return networks.v4[0].ip_address;
    }
  };
  const at = await address(two);
  await address(one);
  await call("POST", records, { type: "A", name: "two", data: at });
  await within(async () => (await resolver()).resolve4("two.example.org"), [at]);
  const on = (id: number, script: string): string => inContainer(`slipway.droplet=${id}`, script);
  expect(on(one, "getent hosts two.example.org")).toMatch(new RegExp(`^${at} +two.example.org$`));
  expect(on(one, "RES_OPTIONS=use-vc getent hosts www.example.org")).toMatch(/^192\.0\.2\.7 /);
  expect(on(one, "cloud-init status --wait >/dev/null; cat /root/id")).toBe(String(one));
  expect(on(two, `${asking}interfaces/public/0/ipv4/address`)).toBe(at);
  expect(on(two, `${asking}tags/; echo; ${asking}hostname`)).toBe("colour:blue\nb\ntwo");
  expect(on(two, `${asking}user-data`)).toBe(`#!/bin/sh\n${asking}id > /root/id`);
  expect(JSON.parse(on(two, "curl -s http://169.254.169.254/metadata/v1.json"))).toMatchObject({
    droplet_id: two,
    hostname: "two",
    region: "lon1",
    reserved_ip: { ipv4: { active: false } },
  });
  expect(on(two, `curl -s -o /dev/null -w '%{http_code}' http://169.254.169.254/metadata/v1/none`)).toBe("404");
  await call("DELETE", `/v2/droplets/${one}`);

  // Another server brings back what was lost.
  const gateway = execFileSync("docker", ["ps", "-q", "--filter", `label=slipway.gateway=${name}`], {
    encoding: "utf8",
  }).trim();
  execFileSync("docker", ["rm", "-f", gateway]);
  // As a process that was killed between writing a change down and serving it leaves it.
  const behind = { engine: engineAt(), name } as Cloud;
  const known = (await domainsOf(behind)).find((one) => one.name === "example.net");
  await putResource(behind, "domain", "example.net", {
    ...known,
    records: (known?.records ?? []).map((one) => (one.name === "web" ? { ...one, data: "192.0.2.99" } : one)),
  });
  await (await startLocalCloud({ name }))[Symbol.asyncDispose]();
  expect(on(two, `getent hosts two.example.org; ${asking}id`)).toMatch(new RegExp(`^${at} +two.example.org\n${two}$`));
  expect(on(two, "getent hosts web.example.net")).toMatch(/^192\.0\.2\.99 /);
});

test("leaves nothing behind", async () => {
  await clear();
  expect(await heldBy(name)).toEqual(nothing);
});
