import { execFile } from "node:child_process";
import { connect, type Socket } from "node:net";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { filterTable } from "../src/local/filter.ts";
import { heldBy, nothing } from "./support/cloud.ts";
import { type Api, api, type Droplet, inside } from "./support/raw-cloud.ts";

const name = `f${process.pid}`;
let cloud: Api;
let web: Droplet;
let db: Droplet;
const anywhere = { addresses: ["0.0.0.0/0", "::/0"] };

beforeAll(async () => {
  cloud = await api({ name });
  [web, db] = await Promise.all([cloud.create("web", { tags: ["web"] }), cloud.create("db", { tags: ["db"] })]);
  // Something to be reached besides sshd, on both.
  for (const droplet of [web, db])
    await cloud.said(droplet, "systemd-run --quiet systemd-socket-activate -l 8080 -l 8443 -a cat");
});
afterAll(async () => {
  for (const { id } of (await cloud.ok("GET", "/v2/firewalls")).firewalls)
    await cloud.ok("DELETE", `/v2/firewalls/${id}`);
  for (const { id } of (await cloud.ok("GET", "/v2/droplets")).droplets) await cloud.ok("DELETE", `/v2/droplets/${id}`);
  for (const tag of ["web", "db"]) await cloud.call("DELETE", `/v2/tags/${tag}`);
  await cloud[Symbol.asyncDispose]();
  expect(await heldBy(name)).toEqual(nothing);
});

/** Whether a port of a droplet is reached from this machine; a second is long here. */
const reached = (address: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket: Socket = connect({ host: address, port, timeout: 1_000 });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket
      .once("connect", () => end(true))
      .once("error", () => end(false))
      .once("timeout", () => end(false));
  });
/** The same from within another droplet, past its own firewall's hold on SSH. */
const reachedFrom = async (from: Droplet, address: string, port: number): Promise<boolean> =>
  (await inside(name, from, ["timeout", "1", "bash", "-c", `: < /dev/tcp/${address}/${port}`])) === 0;

const applied = (id: string): Promise<string> =>
  cloud.until(async () => {
    const { status } = (await cloud.ok("GET", `/v2/firewalls/${id}`)).firewall;
    return status === "waiting" ? undefined : status;
  });

let firewall: { id: string };

test("a droplet with a firewall is reached by what a rule allows, and reaches what a rule allows", async () => {
  expect([await reached(web.address, 8080), await reachedFrom(db, web.address, 8080)]).toEqual([true, true]);
  const body = {
    name: "web",
    tags: ["web"],
    inbound_rules: [
      { protocol: "tcp", ports: "22", sources: anywhere },
      { protocol: "tcp", ports: "8000-8100", sources: { droplet_ids: [db.id] } },
      { protocol: "tcp", ports: "8443", sources: { addresses: [web.address.replace(/\d+$/, "1/32")] } },
    ],
    outbound_rules: [{ protocol: "tcp", ports: "all", destinations: { tags: ["db"] } }],
  };
  const made = await cloud.ok("POST", "/v2/firewalls", body);
  firewall = made.firewall;
  expect(firewall).toMatchObject({
    status: "waiting",
    droplet_ids: [],
    tags: ["web"],
    pending_changes: [{ droplet_id: web.id, removing: false, status: "waiting" }],
    outbound_rules: [{ protocol: "tcp", ports: "0", destinations: { tags: ["db"] } }],
  });
  expect(await applied(firewall.id)).toBe("succeeded");
  expect(await cloud.message(409, "POST", "/v2/firewalls", body)).toBe("duplicate name");
  expect((await cloud.ok("GET", `/v2/droplets/${web.id}/firewalls`)).firewalls).toMatchObject([{ id: firewall.id }]);
  expect((await cloud.ok("GET", `/v2/droplets/${db.id}/firewalls`)).firewalls).toEqual([]);

  expect({
    ssh: await reached(web.address, 22),
    "8080 from outside": await reached(web.address, 8080),
    "8443 from outside": await reached(web.address, 8443),
    "8080 from db": await reachedFrom(db, web.address, 8080),
    "8080 from db, private": await reachedFrom(db, web.privateAddress, 8080),
    "8443 from db": await reachedFrom(db, web.address, 8443),
    "ssh from db": await reachedFrom(db, web.address, 22),
    "8080 of db": await reachedFrom(web, db.address, 8080),
    outside: await reachedFrom(web, web.address.replace(/\d+$/, "1"), 22),
    ping: await inside(name, db, [
      "sh",
      "-c",
      `ip neigh flush all; ip neigh show; ! timeout 2 ping -c1 -W1 ${web.address}`,
    ]),
  }).toEqual({
    ssh: true,
    "8080 from outside": false,
    "8443 from outside": true,
    "8080 from db": true,
    "8080 from db, private": true,
    "8443 from db": false,
    "ssh from db": true,
    "8080 of db": true,
    outside: false,
    ping: 0,
  });
  // What the host itself does to its tables changes nothing.
  await cloud.said(web, "nft flush ruleset");
  expect(await reached(web.address, 8080)).toBe(false);
});

test("rules, droplets and tags are followed", async () => {
  const path = `/v2/firewalls/${firewall.id}`;
  const rules = { inbound_rules: [{ protocol: "tcp", ports: "8080", sources: anywhere }] };
  await cloud.ok("POST", `${path}/rules`, rules);
  expect([await applied(firewall.id), await reached(web.address, 8080)]).toEqual(["succeeded", true]);
  await cloud.ok("DELETE", `${path}/rules`, rules);
  expect([await applied(firewall.id), await reached(web.address, 8080)]).toEqual(["succeeded", false]);
  await cloud.ok("DELETE", `${path}/tags`, { tags: ["web"] });
  expect([await applied(firewall.id), await reached(web.address, 8080)]).toEqual(["succeeded", true]);
  await cloud.ok("POST", `${path}/droplets`, { droplet_ids: [String(web.id)] });
  expect([await applied(firewall.id), await reached(web.address, 8080)]).toEqual(["succeeded", false]);
  await cloud.ok("DELETE", `${path}/droplets`, { droplet_ids: [String(web.id)] });
  await cloud.ok("POST", `${path}/tags`, { tags: ["web"] });
  expect(await applied(firewall.id)).toBe("succeeded");

  const tagged = { resources: [{ resource_id: String(db.id), resource_type: "droplet" }] };
  await cloud.ok("POST", "/v2/tags/web/resources", tagged);
  while ((await reached(db.address, 8443)) && (await reached(db.address, 8080)));
  await cloud.ok("DELETE", "/v2/tags/web/resources", tagged);
  while (!(await reached(db.address, 8080)));
});

test("a new droplet is filtered from its first moment, and the filter comes back", async () => {
  const run = ["systemd-run", "systemd-socket-activate", "-l", "8080", "-a", "cat"];
  const next = await cloud.create("next", {
    tags: ["web"],
    user_data: `#cloud-config\n${JSON.stringify({ runcmd: [run] })}`,
  });
  expect(
    await inside(name, next, ["sh", "-c", "cloud-init status --wait; until ss -ltn | grep -q :8080; do :; done"]),
  ).toBe(0);
  expect(await reached(next.address, 22)).toBe(true);
  expect(await reached(next.address, 8080)).toBe(false);
  const as = ["run", "--rm", "--network", "host", "--cap-add", "NET_ADMIN", await imageOf(next)];
  await promisify(execFile)("docker", [...as, "nft", "delete", "table", "inet", filterTable(name)]);
  expect(await reached(web.address, 8080)).toBe(true);
  // A start of the engine's machine is known by the cloud's own machine, which starts with it.
  const gateway = ["ps", "-q", "--filter", `label=slipway.gateway=${name}`];
  const { stdout: id } = await promisify(execFile)("docker", gateway);
  await promisify(execFile)("docker", ["restart", "-t", "0", id.trim()]);
  await cloud.restart();
  while (await reached(web.address, 8080));
  expect(await reached(web.address, 22)).toBe(true);
  await cloud.ok("DELETE", `/v2/firewalls/${firewall.id}`);
  expect(await reached(web.address, 8080)).toBe(true);
});

async function imageOf(droplet: Droplet): Promise<string> {
  const filters = ["--filter", `label=slipway.droplet=${droplet.id}`];
  return (await promisify(execFile)("docker", ["ps", ...filters, "--format", "{{.Image}}"])).stdout.trim();
}
