import { ssh } from "@slipway/connection";
import type { Connection } from "@slipway/model";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type DigitalOcean,
  destroyStack,
  digitalOcean,
  digitalOceanProvider,
  generateSshKey,
  md5OfKey,
} from "../src/index.ts";
import { type LocalCloud, startLocalCloud } from "../src/local/cloud.ts";
import type { Fault } from "../src/local/faults.ts";
import { noLimits } from "../src/local/limits.ts";
import { heldBy, nothing } from "./support/cloud.ts";

const name = `c${process.pid}`;
const faults: Fault[] = [];
let cloud: LocalCloud;
let client: DigitalOcean;

/** Asks as often as it likes: with the limits of DigitalOcean a test that looks again and again soon waits for the next minute. */
const clientOf = (of: LocalCloud): Promise<DigitalOcean> =>
  digitalOcean({ url: of.url, token: () => Promise.resolve(of.token), limits: [] });

/** A raw call, as other clients of the API make it. */
async function raw(path: string, init: RequestInit = {}): Promise<{ status: number; body: Record<string, never> }> {
  const response = await fetch(`${cloud.url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${cloud.token}`, "content-type": "application/json", connection: "close" },
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? {} : (JSON.parse(text) as Record<string, never>) };
}
const post = (path: string, body: object): ReturnType<typeof raw> =>
  raw(path, { method: "POST", body: JSON.stringify(body) });

const good = { name: "web-1", region: "lon1", size: "s-1vcpu-1gb", image: "debian-12-x64" };

/** Waits until an action has ended, as clients do. */
async function ended(id: number): Promise<string> {
  for (;;) {
    const { status } = await client.actions.get(id);
    if (status !== "in-progress") return status;
  }
}

beforeAll(async () => {
  // Faults are taken one per creation of a droplet.
  const spoil = (call: { method: string; path: string }): Fault | undefined =>
    call.method === "POST" && call.path === "/v2/droplets" ? faults.shift() : undefined;
  cloud = await startLocalCloud({ name, faults: spoil, limits: noLimits });
  client = await clientOf(cloud);
});
const clear = async (): Promise<void> => {
  for (const droplet of await client.droplets.list()) await client.droplets.remove(droplet.id);
  for (const tag of ["colour:blue", "temporary"]) await client.tags.remove(tag);
  for (const key of await client.keys.list()) await client.keys.remove(key.id);
  await destroyStack({ provider: digitalOceanProvider(client, { stack: "none" }) });
};
afterAll(async () => {
  await clear();
  await cloud[Symbol.asyncDispose]();
});

test("answers as DigitalOcean does, errors too", async () => {
  const stranger = await fetch(`${cloud.url}/v2/droplets`);
  expect(stranger.status).toBe(401);
  expect(await stranger.json()).toMatchObject({ id: "Unauthorized", message: "Unable to authenticate you." });

  expect((await client.account.get()).status).toBe("active");
  expect(await raw("/v2/droplets/?page=1")).toMatchObject({ status: 200, body: { droplets: [], meta: { total: 0 } } });
  expect(await raw("/v2/sizes?per_page=2&page=2")).toMatchObject({
    body: { sizes: [{}, {}], links: { pages: { prev: expect.stringContaining("page=1"), next: expect.any(String) } } },
  });
  expect(await raw("/v2/droplets/12", { method: "DELETE" })).toMatchObject({
    status: 404,
    body: {
      id: "not_found",
      message: "The resource you were accessing could not be found.",
      request_id: expect.any(String),
    },
  });

  const refusal = async (change: object): Promise<unknown> => {
    const { status, body } = await post("/v2/droplets", { ...good, ...change });
    expect(status).toBe(422);
    return body["message"];
  };
  expect(await refusal({ name: "a_b" })).toMatch("Only valid hostname characters");
  expect(await refusal({ size: "huge" })).toBe("You specified an invalid size for Droplet creation.");
  expect(await refusal({ region: "moon1" })).toBe("You specified an invalid region for Droplet creation.");
  expect(await refusal({ image: "plan9" })).toBe("You specified an invalid image for Droplet creation.");
  expect(await refusal({ ssh_keys: ["aa:bb"] })).toBe("aa:bb are invalid key identifiers for Droplet creation.");
  expect(await refusal({ user_data: "x".repeat(65_537) })).toMatch("64 KiB");
  expect(await refusal({ tags: ["a.b"] })).toMatch("invalid");
  expect(await refusal({ names: Array.from({ length: 26 }, (_, at) => `h${at}`) })).toMatch(
    "will exceed your droplet limit",
  );
});

test("keeps keys", async () => {
  const key = generateSshKey("k");
  const added = await client.keys.create({ name: "mine", public_key: key.publicKey });
  expect(added).toMatchObject({ name: "mine", fingerprint: md5OfKey(key.publicKey), public_key: key.publicKey });
  // Once more is no error for our client, but it is one for the API.
  expect((await client.keys.create({ name: "again", public_key: key.publicKey })).id).toBe(added.id);
  expect(await post("/v2/account/keys", { name: "again", public_key: key.publicKey })).toMatchObject({
    status: 422,
    body: { message: "SSH Key is already in use on your account" },
  });
  await raw(`/v2/account/keys/${added.fingerprint}`, { method: "PUT", body: JSON.stringify({ name: "renamed" }) });
  expect((await client.keys.list()).map((one) => one.name)).toEqual(["renamed"]);
  await client.keys.remove(added.id);
  expect(await client.keys.list()).toEqual([]);
});

test("applies user data, and acts: power, reboot, rename, tags", async () => {
  const login = generateSshKey("login");
  const hostKey = generateSshKey("host");
  const key = await client.keys.create({ name: "login", public_key: login.publicKey });
  const config = {
    ssh_keys: { ed25519_private: hostKey.privateKey, ed25519_public: hostKey.publicKey },
    users: [{ name: "ada", groups: "sudo", sudo: "ALL=(ALL) NOPASSWD:ALL", ssh_authorized_keys: [login.publicKey] }],
    write_files: [{ path: "/etc/app/it's.conf", content: "a: 'b'\n", permissions: "0640" }],
    runcmd: [["sh", "-c", "echo $0 > /root/ran", "it ran"], "false", "echo more >> /root/ran"],
  };
  const made = await post("/v2/droplets", {
    ...good,
    ssh_keys: [key.id],
    tags: null,
    volumes: [],
    user_data: `#cloud-config\n${JSON.stringify(config)}`,
  });
  expect(made).toMatchObject({
    status: 202,
    body: { droplet: { status: "new", networks: { v4: [], v6: [] } }, links: { actions: [{ rel: "create" }] } },
  });
  const { id } = made.body["droplet"] as unknown as { id: number };
  let address = "";
  while (address === "") address = (await client.droplets.get(id)).networks.v4[0]?.ip_address ?? "";
  const connect = (user: string): Promise<Connection> =>
    ssh(
      { host: "web-1", address, port: 22, user, hostKeys: [hostKey.sha256] },
      { privateKey: login.privateKey },
      { waitMs: 30_000 },
    );
  const said = async (script: string, user = "root"): Promise<string> => {
    await using connection = await connect(user);
    return (await connection.exec(["sh", "-c", script])).stdout.trim();
  };
  expect(await said('cloud-init status --wait; cat /root/ran; hostname; stat -c %a "/etc/app/it\'s.conf"')).toBe(
    "status: done\nit ran\nmore\nweb-1\n640",
  );
  expect(await said("sudo -n id -un", "ada")).toBe("root");
  expect(await said('systemctl is-system-running --wait; cat "/etc/app/it\'s.conf"')).toBe("running\na: 'b'");

  const started = "cut -d' ' -f22 /proc/1/stat; cat /etc/hostname";
  const before = await said(`hostnamectl set-hostname kept; sysctl -qw net.ipv4.ip_forward=1; ${started}`);
  expect(await ended((await client.dropletActions.start(id, { type: "reboot" })).id)).toBe("completed");
  const after = await said(started);
  expect(after).not.toBe(before);
  expect(after.split("\n")[1]).toBe("kept");
  expect((await client.droplets.get(id)).networks.v4[0]?.ip_address).toBe(address);

  // From inside: a reboot comes back at the same address, power off stays off.
  await said("systemd-run --quiet systemctl reboot").catch(() => "");
  while ((await said(`${started}; systemctl is-system-running --wait >&2`).catch(() => after)) === after);
  const shutdown = await client.dropletActions.start(id, { type: "shutdown" });
  // A machine takes its time to go down; meanwhile it takes no other order.
  expect(await post(`/v2/droplets/${id}/actions`, { type: "reboot" })).toMatchObject({
    status: 422,
    body: { id: "unprocessable_entity", message: "Droplet already has a pending event." },
  });
  expect(await ended(shutdown.id)).toBe("completed");
  expect((await client.droplets.get(id)).status).toBe("off");
  expect(await ended((await client.dropletActions.start(id, { type: "power_on" })).id)).toBe("completed");
  await said("systemd-run --quiet systemctl poweroff").catch(() => "");
  while ((await client.droplets.get(id)).status !== "off");
  expect(await ended((await client.dropletActions.start(id, { type: "power_on" })).id)).toBe("completed");
  expect(await ended((await client.dropletActions.start(id, { type: "rename", name: "web-2" })).id)).toBe("completed");
  await client.tags.create("colour:blue");
  await client.tags.assign("colour:blue", "droplet", [id]);
  await client.tags.create("temporary");
  await client.tags.assign("temporary", "droplet", [id]);
  await client.tags.unassign("temporary", "droplet", [id]);

  // Another server of the same cloud knows all of it.
  await using other = await startLocalCloud({ name });
  const seen = await (await clientOf(other)).droplets.list({ tag: "colour:blue" });
  expect(seen).toMatchObject([{ id, name: "web-2", status: "active", tags: ["colour:blue"] }]);
  expect(await (await clientOf(other)).droplets.list({ tag: "temporary" })).toEqual([]);
  await client.droplets.remove(id);
  await expect(client.droplets.get(id)).rejects.toMatchObject({ status: 404 });
});

test.each<[string, Fault[]]>([
  ["too many requests", [{ status: 429, when: "before", retryAfterSeconds: 0 }]],
  ["an error after the work was done", [{ status: 500, when: "after" }]],
  ["a connection lost after the work was done", [{ status: "reset", when: "after" }]],
])("makes one droplet in spite of %s", async (_title, spoiled) => {
  faults.push(...spoiled);
  const made = await client.droplets.create({ ...good, ssh_keys: [], tags: ["once"] }, `slipway:intent:${name}`);
  expect((await client.droplets.list({ tag: "once" })).map((one) => one.id)).toEqual([made.id]);
  await client.droplets.remove(made.id);
});

test("leaves nothing behind", async () => {
  await clear();
  expect(await heldBy(name)).toEqual(nothing);
});
