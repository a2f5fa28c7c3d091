import { Resolver } from "node:dns/promises";
import { connect } from "node:net";
import { ssh } from "@slipway/connection";
import { debian, type Info } from "@slipway/model";
import { afterEach, expect, test } from "vitest";
import {
  applyProvision,
  changesOf,
  destroyStack,
  digitalOcean,
  domain,
  droplet,
  firewall,
  generateSshKey,
  type HostOnMachine,
  type OpenCloud,
  observe,
  openCloud,
  type PlanOptions,
  type ProvisionPlan,
  planProvision,
  project,
  type Resource,
  record,
  reservedIp,
  sshAddress,
  sshKey,
  volume,
  wantedOf,
} from "../src/index.ts";
import { startLocalCloud } from "../src/local/cloud.ts";
import { engineAt } from "../src/local/engine.ts";
import { gatewayOf } from "../src/local/gateway.ts";
import { heldBy, nothing } from "./support/cloud.ts";

const stack = `r${process.pid}`;
/** For what happens a moment later; on a busy machine a moment is long. */
const soon = { timeout: 30_000 };
const operator = generateSshKey("operator");
const on = droplet({ cloud: "local", region: "lon1", size: "s-1vcpu-1gb" });
const tells = (...info: readonly Info[]) => [{ info }];
const port = (at: number, from: "anywhere" | "platform"): Info => ({
  kind: "port",
  port: at,
  protocol: "tcp",
  owner: `p${at}`,
  from,
});
const web: HostOnMachine = {
  name: "web",
  on,
  has: tells(port(8080, "anywhere"), port(9100, "platform"), { kind: "name", name: "shop.example.org" }),
};
const db: HostOnMachine = { name: "db", on };

const open = (): Promise<OpenCloud> => openCloud([web], { name: stack });
afterEach(async () => {
  await using cloud = await open();
  await destroyStack({ provider: cloud.provider });
  expect(await heldBy(stack)).toEqual(nothing);
});

/** Plans, applies, and sees that a second plan has nothing to do. */
function platform(cloud: OpenCloud, hosts: readonly HostOnMachine[], resources: readonly Resource[]) {
  const { provider } = cloud;
  const wanted = wantedOf(hosts, resources, operator.publicKey);
  const plan = async (more: Partial<PlanOptions> = {}): Promise<ProvisionPlan> =>
    planProvision(wanted, await observe(provider, { wanted }), { stack, ...more });
  const apply = async (more: Partial<PlanOptions> = {}): Promise<ProvisionPlan> => {
    const made = await plan(more);
    expect(made.problems).toEqual([]);
    const { failed } = await applyProvision(made, {
      provider,
      connect: (address, signal) => ssh(address, { privateKey: operator.privateKey }, { signal }),
    });
    expect(failed).toEqual([]);
    const after = await plan();
    expect(after.steps.filter((step) => step.do !== "keep")).toEqual([]);
    return made;
  };
  const machine = async (name: string) =>
    (await provider.machines()).find((one) => one.name === name) ?? expect.unreachable();
  return { plan, apply, machine };
}

test("names that properties tell of lead to machines, and follow them; what somebody changes is put right", async () => {
  await using cloud = await open();
  const zone = domain("example.org", {
    records: [
      record.cname("www", "shop"),
      record.txt("@", "v=spf1 -all"),
      record.mx("@", "mail.example.net.", { priority: 10 }),
    ],
  });
  const { apply, machine, plan } = platform(cloud, [web], [zone]);
  await apply();
  const dns = new Resolver({ timeout: 1_000, tries: 3 });
  dns.setServers([(await gatewayOf(engineAt(), stack)) ?? ""]);
  const { address } = await machine("web");
  await expect.poll(() => dns.resolve4("www.example.org").catch(() => []), soon).toEqual([address]);
  expect(await dns.resolveTxt("example.org")).toEqual([["v=spf1 -all"]]);
  expect(await dns.resolveTxt("_slipway.shop.example.org")).toEqual([[`slipway:${stack}:A`]]);

  const other = platform(cloud, [{ ...web, distro: debian("13") }], [zone]);
  const replaced = await other.apply({ replace: ["machine web"] });
  expect(replaced.steps.filter((step) => step.do !== "keep").map((step) => step.ref)).toEqual([
    "machine web",
    "machine web",
    "record example.org shop a",
  ]);
  const moved = (await other.machine("web")).address;
  expect(moved).not.toBe(address);
  await expect.poll(() => dns.resolve4("www.example.org").catch(() => []), soon).toEqual([moved]);

  // Taken out of the file: named, and removed only when asked.
  const less = platform(cloud, [{ ...web, distro: debian("13") }], [domain("example.org")]);
  expect((await less.plan()).unlisted.map((one) => one.ref)).toEqual([
    "record example.org www cname shop.example.org.",
    "record example.org @ txt v=spf1 -all",
    "record example.org @ mx mail.example.net.",
  ]);
  await less.apply({ unlisted: "delete" });
  await expect.poll(() => dns.resolve4("www.example.org").catch(() => []), soon).toEqual([]);
  expect(changesOf(await plan())).toBeGreaterThan(0);

  // Destroying leaves a zone in which somebody else has a record.
  await using served = await startLocalCloud({ name: stack });
  const client = await digitalOcean({ url: served.url, token: () => Promise.resolve(served.token), limits: [] });
  const theirs = await client.records.create("example.org", { type: "A", name: "theirs", data: "192.0.2.77" });
  await destroyStack({ provider: cloud.provider });
  expect((await client.records.list("example.org")).filter((one) => /^(A|TXT|CNAME)$/.test(one.type))).toEqual([
    theirs,
  ]);
  await client.domains.remove("example.org");
});

/** Whether something answers there within half a second. */
const reaches = (address: string, at: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: address, port: at });
    socket.setTimeout(500, () => socket.destroy());
    socket.once("connect", () => {
      resolve(true);
      socket.destroy();
    });
    socket.on("error", () => {}).on("close", () => resolve(false));
  });

test("volumes, a firewall, a reserved address, a key and a project stand around two machines", async () => {
  await using cloud = await open();
  const ada = generateSshKey("ada");
  const resources: readonly Resource[] = [
    volume("data", { on: web, gigabytes: 1, filesystem: "ext4" }),
    firewall("edge", { on: [web] }),
    reservedIp("front", { on: web }),
    domain("example.org"),
    sshKey("ada", ada.publicKey as "ssh-ed25519 "),
    project("shop", { environment: "Staging" }),
  ];
  const { apply, machine, plan } = platform(cloud, [web, db], resources);
  await apply();
  const first = await machine("web");
  await using host = await ssh(sshAddress(first), { privateKey: ada.privateKey });
  const mount = `/mnt/${stack}_data`;
  const said = async (script: string): Promise<string> => {
    const { stdout, stderr } = await host.exec(["sh", "-c", script]);
    return `${stdout}${stderr}`.trim();
  };
  expect(await said(`findmnt -no FSTYPE ${mount}`)).toBe("ext4");
  await said(`echo kept > ${mount}/file && sync`);

  const [front] = (await cloud.provider.observe({ wanted: wantedOf([web], resources, operator.publicKey) })).filter(
    (one) => one.kind === "reserved-ip",
  );
  expect(front).toMatchObject({ name: "front", machine: "web", ours: true });

  for (const at of [8080, 8081, 9100])
    await said(`systemd-run --quiet systemd-socket-activate --accept --listen=${at} /bin/cat`);
  await expect.poll(() => reaches(first.address, 8080), soon).toBe(true);
  expect([await reaches(first.address, 8081), await reaches(first.address, 9100)]).toEqual([false, false]);
  await using inside = await ssh(sshAddress(await machine("db")), { privateKey: operator.privateKey });
  const from = await inside.exec(["bash", "-c", `timeout 2 bash -c "</dev/tcp/${first.address}/9100"`]);
  expect(from.status).toBe(0);

  // Another machine takes its place: its disk and its address come along.
  const other = platform(cloud, [{ ...web, distro: debian("13") }, db], resources);
  await other.apply({ replace: ["machine web"] });
  const second = await other.machine("web");
  expect(second.id).not.toBe(first.id);
  await using next = await ssh(sshAddress(second), { privateKey: operator.privateKey });
  expect((await next.exec(["cat", `${mount}/file`])).stdout).toBe("kept\n");
  expect((await plan()).problems.join()).toMatch(/image/);

  // Destroyed by hand: its address is found again, and led to the machine that is made in its place.
  await using local = await startLocalCloud({ name: stack });
  const headers = { authorization: `Bearer ${local.token}` };
  await fetch(`${local.url}/v2/droplets/${second.id}`, { method: "DELETE", headers });
  const again = await other.apply();
  expect(again.steps.find((step) => step.ref === "reserved-ip front")).toMatchObject({
    do: "update",
    cloudId: front?.id,
  });
  // The marks of its key stay in the account, where nothing tells any more whose they were.
  const listed = await fetch(`${local.url}/v2/tags?per_page=200`, { headers });
  const { tags } = (await listed.json()) as { tags: { name: string; resources: { count: number } }[] };
  const left = tags.filter(({ name, resources }) => /^slipway:host(key|pub):/.test(name) && resources.count === 0);
  expect(left).toHaveLength(2);
  for (const { name } of left) await fetch(`${local.url}/v2/tags/${name}`, { method: "DELETE", headers });
});
