import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalCloud, startLocalCloud } from "../src/local/cloud.ts";
import { removeCloud } from "../src/local/clouds.ts";
import { engineAt } from "../src/local/engine.ts";
import { noLimits } from "../src/local/limits.ts";
import { heldBy, nothing } from "./support/cloud.ts";
import { containersOf, imagesOf, type Raw, rawClient, saidOn } from "./support/raw.ts";

const name = `a${process.pid}`;
const mails: string[] = [];
let cloud: LocalCloud;
let raw: Raw;
let first: { id: number; address: string; machine: string };

const good = { region: "lon1", size: "s-1vcpu-1gb", image: "debian-12-x64" };
const identity = "cat /etc/machine-id; ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | cut -d' ' -f2; hostname";
const files =
  "cat /root/mark 2>/dev/null; cat /var/lib/docker/kept 2>/dev/null; stat -c %F /var/lib/docker/w 2>/dev/null";

async function create(body: object): Promise<{ id: number; address: string }> {
  const made = await raw.post("/v2/droplets", { ...good, ...body });
  expect(made).toMatchObject({ status: 202, body: { droplet: { status: "new", networks: { v4: [], v6: [] } } } });
  const id = made.body.droplet?.id ?? 0;
  const { networks } = await raw.becomes(id, "active");
  return { id, address: networks.v4[0]?.ip_address ?? "" };
}
async function limitsOf(id: number): Promise<unknown> {
  const [container = ""] = await containersOf(name, id);
  const seen = (await engineAt().call("GET", `/containers/${container}/json`)).json();
  const { Memory, MemorySwap, CpuPeriod, CpuQuota } = (seen as { HostConfig: Record<string, number> }).HostConfig;
  return [(Memory ?? 0) / 1_048_576, (MemorySwap ?? 0) / 1_048_576, (CpuQuota ?? 0) / (CpuPeriod ?? 1)];
}

beforeAll(async () => {
  cloud = await startLocalCloud({ name, limits: noLimits, onMail: (message) => mails.push(message) });
  raw = rawClient(cloud);
  const user_data = '#cloud-config\n{"runcmd":["echo run >> /root/runs"]}';
  const made = await create({ name: "web", tags: ["web"], user_data, backups: true, monitoring: true });
  const machine = await saidOn(
    name,
    made.id,
    `mknod /var/lib/docker/w c 0 0; echo kept > /var/lib/docker/kept; ${identity}`,
  );
  first = { ...made, machine };
  await saidOn(name, made.id, "echo marked > /root/mark");
});
afterAll(async () => {
  await cloud[Symbol.asyncDispose]();
  // What a failed test left.
  await removeCloud(engineAt(), name);
});

test("resizes: off, never to a smaller disk, and the limits are the engine's", async () => {
  const { id } = first;
  const resize = { type: "resize", size: "s-1vcpu-2gb" };
  const path = `/v2/droplets/${id}/actions`;
  expect(await limitsOf(id)).toEqual([1024, 1024, 1]);
  expect((await raw.post(path, resize)).body.message).toBe(
    "Droplet is currently on. Please power it off to run this event.",
  );
  expect(await raw.act(id, { type: "power_off" })).toBe("completed");
  // A machine that is off can neither be told to reboot nor to change a password.
  expect(await raw.act(id, { type: "reboot" })).toBe("errored");
  expect((await raw.post(path, { type: "password_reset" })).status).toBe(422);
  expect((await raw.post(path, { type: "resize", size: "s-1vcpu-512mb-10gb" })).body).toMatchObject({
    id: "unprocessable_entity",
    message: "Size can not decrease size of Droplet's disk image",
  });
  expect(await raw.act(id, resize)).toBe("completed");
  expect(await raw.droplet(id)).toMatchObject({
    memory: 2048,
    disk: 25,
    size_slug: "s-1vcpu-2gb",
    status: "off",
  });
  expect(await raw.act(id, { type: "resize", size: "s-2vcpu-2gb", disk: true })).toBe("completed");
  expect(await raw.droplet(id)).toMatchObject({ vcpus: 2, disk: 60 });
  expect(await limitsOf(id)).toEqual([2048, 2048, 2]);
  expect((await raw.post(path, resize)).body.message).toBe("Size can not decrease size of Droplet's disk image");
  expect(await raw.act(id, { type: "power_on" })).toBe("completed");
  expect(await saidOn(name, id, identity)).toBe(first.machine);
});

test("snapshots become new machines, and restore the one they are of", async () => {
  const { id, address, machine } = first;
  expect(await raw.act(id, { type: "snapshot", name: "before" })).toBe("completed");
  const [snapshot] = (await raw.get("/v2/snapshots?resource_type=droplet")).body.snapshots;
  expect(snapshot).toMatchObject({
    name: "before",
    resource_id: String(id),
    resource_type: "droplet",
    min_disk_size: 60,
  });
  const image = Number(snapshot?.id);
  expect((await raw.get(`/v2/droplets/${id}/snapshots`)).body.snapshots).toMatchObject([
    { id: image, type: "snapshot" },
  ]);
  expect((await raw.get("/v2/images?private=true")).body.images).toMatchObject([
    { id: image, type: "snapshot", slug: null, public: false, distribution: "Debian", regions: ["lon1"] },
  ]);
  expect((await raw.droplet(id)).snapshot_ids).toEqual([image]);

  const bigger = { name: "copy", image, size: "s-2vcpu-2gb" };
  expect((await raw.post("/v2/droplets", { ...good, ...bigger, size: "s-1vcpu-1gb" })).status).toBe(422);
  expect((await raw.post("/v2/droplets", { ...good, ...bigger, region: "nyc3" })).status).toBe(422);
  const user_data = '#cloud-config\n{"runcmd":["echo again >> /root/runs"]}';
  const copy = await create({ ...bigger, user_data });
  expect(copy.address).not.toBe(address);
  // All that is on the disks is there, whiteouts of nested containers too; whatever makes a machine that one is new.
  expect(await saidOn(name, copy.id, files)).toBe("marked\nkept\ncharacter special file");
  const [ofCopy, ofFirst] = [await saidOn(name, copy.id, identity), machine].map((said) => said.split("\n"));
  expect(ofCopy).toEqual([expect.not.stringMatching(ofFirst?.[0] ?? ""), expect.stringMatching(/^SHA256:/), "copy"]);
  expect(ofCopy?.[1]).not.toBe(ofFirst?.[1]);
  expect(await saidOn(name, copy.id, "cat /root/runs; systemctl is-system-running --wait")).toBe("run\nagain\nrunning");
  await raw.send("DELETE", `/v2/droplets/${copy.id}`);

  const path = `/v2/droplets/${id}/actions`;
  expect((await raw.post(path, { type: "rebuild", image: "plan9" })).body.message).toMatch("invalid image");
  expect(await raw.act(id, { type: "rebuild", image: "debian-12-x64" })).toBe("completed");
  const rebuilt = await raw.droplet(id);
  expect(rebuilt).toMatchObject({ name: "web", tags: ["web"], status: "active", memory: 2048, disk: 60 });
  expect(rebuilt.networks.v4[0]?.ip_address).toBe(address);
  expect(await saidOn(name, id, `${files}; cat /root/runs`)).toBe("run");
  expect(await saidOn(name, id, identity)).not.toBe(machine);
  expect(await limitsOf(id)).toEqual([2048, 2048, 2]);

  expect(await raw.act(id, { type: "restore", image })).toBe("completed");
  expect(await saidOn(name, id, `${identity}; ${files}; cat /root/runs`)).toBe(
    `${machine}\nmarked\nkept\ncharacter special file\nrun`,
  );
  expect((await containersOf(name, id)).length).toBe(1);

  const put = await raw.send("PUT", `/v2/images/${image}`, { body: { name: "renamed" } });
  expect(put.body.image).toMatchObject({ id: image, name: "renamed" });
  const transfer = { type: "transfer", region: "nyc3" };
  expect(await raw.post(`/v2/images/${image}/actions`, transfer)).toMatchObject({
    status: 201,
    body: { resource_type: "image", resource_id: image, action: { ...transfer, region: { slug: "nyc3" } } },
  });
  expect((await raw.get(`/v2/images/${image}/actions`)).body.actions).toMatchObject([{ status: "completed" }]);
  expect((await raw.get(`/v2/snapshots/${image}`)).body.snapshot.regions).toEqual(["lon1", "nyc3"]);
  expect((await raw.send("DELETE", `/v2/snapshots/${image}`)).status).toBe(204);
  expect((await raw.get("/v2/images?private=true")).body.images).toEqual([]);
  expect((await raw.droplet(id)).image).toMatchObject({ id: image, status: "deleted" });
});

test("what is switched on and off, and a password by mail", async () => {
  const { id } = first;
  const features = async () => (await raw.droplet(id)).features;
  expect(await features()).toEqual(["backups", "monitoring", "private_networking"]);
  const policy = { plan: "weekly", weekday: "MON", hour: 4 };
  expect(await raw.act(id, { type: "change_backup_policy", backup_policy: policy })).toBe("completed");
  const { start } = (await raw.droplet(id)).next_backup_window;
  const told = { droplet_id: id, backup_policy: policy, next_backup_window: { start } };
  expect((await raw.get(`/v2/droplets/${id}/backups/policy`)).body).toMatchObject({ policy: told });
  expect((await raw.get("/v2/droplets/backups/policies")).body).toMatchObject({ policies: { [id]: told } });
  const tagged = await raw.post("/v2/droplets/actions?tag_name=web", { type: "disable_backups" });
  expect(tagged).toMatchObject({ status: 201, body: { actions: [{ resource_id: id, type: "disable_backups" }] } });
  await raw.until(`/v2/actions/${tagged.body.actions[0]?.id}`, ({ action }) => action?.status === "completed");
  expect(await raw.act(id, { type: "enable_ipv6" })).toBe("completed");
  expect(await features()).toEqual(["ipv6", "monitoring", "private_networking"]);
  expect((await raw.post(`/v2/droplets/${id}/actions`, { type: "change_kernel", kernel: 1 })).status).toBe(422);
  expect((await raw.post("/v2/droplets/actions?tag_name=web", { type: "rebuild" })).status).toBe(422);
  expect(await raw.act(id, { type: "password_reset" })).toBe("completed");
  expect(mails).toEqual([expect.stringMatching(/^Your new password for web is \S{16}$/)]);
  expect(await saidOn(name, id, "chage -l root | head -1; ls /var/lib/slipway/password 2>&1 || true")).toMatch(
    /must be changed[\s\S]*No such file/,
  );
});

test("destroys with what belongs to it, and leaves nothing", async () => {
  const { id } = first;
  expect(await raw.act(id, { type: "snapshot", name: "one" })).toBe("completed");
  expect(await raw.act(id, { type: "snapshot", name: "two" })).toBe("completed");
  const path = `/v2/droplets/${id}/destroy_with_associated_resources`;
  const { snapshots, volumes } = (await raw.get(path)).body;
  // Both may be of the same second.
  expect([snapshots.map((one) => one.name).sort(), volumes]).toEqual([["one", "two"], []]);
  expect((await raw.send("DELETE", `${path}/dangerous`)).status).toBe(400);
  expect((await raw.send("DELETE", `${path}/selective`, { body: { snapshots: [snapshots[0]?.id] } })).status).toBe(202);
  const status = await raw.until(`${path}/status`, (body) => body.completed_at !== undefined);
  expect(status, JSON.stringify(status)).toMatchObject({
    droplet: { id: String(id), destroyed_at: expect.any(String) },
    resources: { snapshots: [{ id: snapshots[0]?.id, destroyed_at: expect.any(String) }] },
    failures: 0,
  });
  expect((await raw.get(`/v2/droplets/${id}`)).status).toBe(404);
  const left = (await raw.get("/v2/snapshots")).body.snapshots;
  expect(left).toMatchObject([{ id: snapshots[1]?.id }]);
  await raw.send("DELETE", `/v2/snapshots/${snapshots[1]?.id}`);
  await cloud[Symbol.asyncDispose]();
  // The destruction itself is remembered for an hour.
  expect(await heldBy(name)).toEqual({ ...nothing, volumes: 1 });
  expect(await imagesOf(name)).toBe(0);
});
