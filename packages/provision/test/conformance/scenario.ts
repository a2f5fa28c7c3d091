import { setTimeout as pause } from "node:timers/promises";
import type { DigitalOcean } from "../../src/client/client.ts";
import type { DropletAct } from "../../src/client/droplet-actions.ts";
import { generateSshKey } from "../../src/ssh-key.ts";

/** Does one thing and goes on whatever comes of it; undefined when it failed. */
export type Step = <T>(what: string, work: () => Promise<T>) => Promise<T | undefined>;

const region = "nyc3";
const common = { region, size: "s-1vcpu-1gb", image: "debian-12-x64" };
const waitMs = 90_000;

/** Uses every call of the API on a real cloud, in an order that makes sense there, and leaves nothing behind. */
export async function scenario(client: DigitalOcean, step: Step): Promise<void> {
  await describing(client, step);
  const key = await step("keys.create", () =>
    client.keys.create({ name: "conformance", public_key: generateSshKey("conformance").publicKey }),
  );
  if (key !== undefined) {
    await step("keys.get", () => client.keys.get(key.id));
    await step("keys.get", () => client.keys.get(key.fingerprint));
    await step("keys.rename", () => client.keys.rename(key.id, "renamed"));
    await step("keys.list", () => client.keys.list());
  }
  const vpc = await step("vpcs.create", () => client.vpcs.create({ name: "conformance", region }));
  const asked = {
    ...common,
    ssh_keys: key === undefined ? [] : [key.id],
    tags: ["conformance"],
    ...(vpc && { vpc_uuid: vpc.id }),
  };
  const droplet = await step("droplets.create", () =>
    client.droplets.create({ ...asked, name: "web-1", user_data: "#cloud-config\n{}\n" }, "conformance:1"),
  );
  const [second, third] =
    (await step("droplets.createMany", () =>
      client.droplets.createMany(
        ["web-2", "web-3"],
        { ...common, ssh_keys: [], tags: ["conformance"] },
        "conformance:2",
      ),
    )) ?? [];
  if (droplet !== undefined) {
    const { id } = droplet;
    await active(client, step, id);
    if (second !== undefined) await active(client, step, second.id);
    await step("droplets.list", () => client.droplets.list());
    await step("droplets.list by tag", () => client.droplets.list({ tag: "conformance" }));
    await step("droplets.list by name", () => client.droplets.list({ name: "web-1" }));
    await step("droplets.neighbors", () => client.droplets.neighbors(id));
    await step("droplets.neighborIds", () => client.droplets.neighborIds());
    await step("droplets.backups", () => client.droplets.backups(id));
    await tags(client, step, id);
    await volumes(client, step, id);
    await firewalls(client, step, id);
    await addresses(client, step, id);
    await projects(client, step, id);
    await actions(client, step, id);
  }
  await domains(client, step);
  if (vpc !== undefined) {
    await step("vpcs.get", () => client.vpcs.get(vpc.id));
    await step("vpcs.list", () => client.vpcs.list());
    await step("vpcs.members", () => client.vpcs.members(vpc.id));
    await step("vpcs.members by type", () => client.vpcs.members(vpc.id, { type: "droplet" }));
    await step("vpcs.change", () => client.vpcs.change(vpc.id, { description: "changed" }));
    await step("vpcs.update", () => client.vpcs.update(vpc.id, { name: "conformance-2", description: "ours" }));
  }
  if (third !== undefined) await step("droplets.remove", () => client.droplets.remove(third.id));
  if (droplet !== undefined) await destroy(client, step, droplet.id, second?.id);
  await step("droplets.removeTagged", () => client.droplets.removeTagged("conformance"));
  await step("no droplets", () => until(async () => (await client.droplets.list({ tag: "conformance" })).length === 0));
  if (vpc !== undefined) await step("vpcs.remove", () => client.vpcs.remove(vpc.id));
  if (key !== undefined) await step("keys.remove", () => client.keys.remove(key.id));
  for (const tag of ["conformance", "conformance:1", "conformance:2", "conformance:3"])
    await step("tags.remove", () => client.tags.remove(tag));
}

async function describing(client: DigitalOcean, step: Step): Promise<void> {
  await step("account.get", () => client.account.get());
  await step("regions.list", () => client.regions.list());
  await step("sizes.list", () => client.sizes.list());
  await step("images.list", () => client.images.list({ type: "distribution" }));
  await step("images.get", () => client.images.get("debian-12-x64"));
}

async function tags(client: DigitalOcean, step: Step, droplet: number): Promise<void> {
  await step("tags.create", () => client.tags.create("conformance:3"));
  await step("tags.assign", () => client.tags.assign("conformance:3", "droplet", [droplet]));
  await step("tags.get", () => client.tags.get("conformance:3"));
  await step("tags.list", () => client.tags.list());
  await step("tags.unassign", () => client.tags.unassign("conformance:3", "droplet", [droplet]));
}

async function volumes(client: DigitalOcean, step: Step, droplet: number): Promise<void> {
  const make = (name: string) =>
    client.volumes.create({ name, region, size_gigabytes: 1, filesystem_type: "ext4", tags: ["conformance"] });
  const done = (id: string, action: number): Promise<void> =>
    until(async () => (await client.volumes.action(id, action)).status !== "in-progress");
  const volume = await step("volumes.create", () => make("conformance"));
  if (volume === undefined) return;
  const { id } = volume;
  await step("volumes.list", () => client.volumes.list());
  await step("volumes.list by name", () => client.volumes.list({ name: "conformance", region }));
  await step("volumes.get", () => client.volumes.get(id));
  for (const act of [
    { type: "attach", droplet_id: droplet, region },
    { type: "detach", droplet_id: droplet, region },
    { type: "resize", size_gigabytes: 2, region },
  ] as const) {
    const action = await step(`volumes.act ${act.type}`, () => client.volumes.act(id, act));
    if (action !== undefined) await step("volumes.action", () => done(id, action.id));
  }
  await step("volumes.actions", () => client.volumes.actions(id));
  for (const type of ["attach", "detach"] as const) {
    const action = await step(`volumes.actNamed ${type}`, () =>
      client.volumes.actNamed("conformance", { type, droplet_id: droplet, region }),
    );
    if (action !== undefined) await step("volumes.action", () => done(id, action.id));
  }
  const snapshot = await step("volumes.snapshot", () =>
    client.volumes.snapshot(id, { name: "conformance", tags: ["conformance"] }),
  );
  await step("volumes.snapshots", () => client.volumes.snapshots(id));
  await step("snapshots.list of volumes", () => client.snapshots.list({ of: "volume" }));
  if (snapshot !== undefined) {
    await step("volumes.getSnapshot", () => client.volumes.getSnapshot(snapshot.id));
    await step("volumes.removeSnapshot", () => client.volumes.removeSnapshot(snapshot.id));
  }
  await step("volumes.remove", () => client.volumes.remove(id));
  if ((await step("volumes.create", () => make("conformance-2"))) !== undefined)
    await step("volumes.removeNamed", () => client.volumes.removeNamed("conformance-2", region));
}

async function firewalls(client: DigitalOcean, step: Step, droplet: number): Promise<void> {
  const rules = (ports: string) =>
    ({
      inbound_rules: [{ protocol: "tcp", ports, sources: { addresses: ["0.0.0.0/0", "::/0"] } }],
      outbound_rules: [{ protocol: "tcp", ports: "0", destinations: { addresses: ["0.0.0.0/0"] } }],
    }) as const;
  const firewall = await step("firewalls.create", () =>
    client.firewalls.create({ name: "conformance", ...rules("22"), droplet_ids: [droplet] }),
  );
  if (firewall === undefined) return;
  const { id } = firewall;
  await step("firewalls.list", () => client.firewalls.list());
  await step("firewalls.get", () => client.firewalls.get(id));
  await step("droplets.firewalls", () => client.droplets.firewalls(droplet));
  await step("firewalls.removeDroplets", () => client.firewalls.removeDroplets(id, [droplet]));
  await step("firewalls.addDroplets", () => client.firewalls.addDroplets(id, [droplet]));
  await step("firewalls.addTags", () => client.firewalls.addTags(id, ["conformance"]));
  await step("firewalls.removeTags", () => client.firewalls.removeTags(id, ["conformance"]));
  await step("firewalls.addRules", () =>
    client.firewalls.addRules(id, { inbound_rules: rules("8000-9000").inbound_rules }),
  );
  await step("firewalls.removeRules", () =>
    client.firewalls.removeRules(id, { inbound_rules: rules("8000-9000").inbound_rules }),
  );
  await step("firewalls.update", () => client.firewalls.update(id, { name: "conformance", ...rules("443") }));
  await step("firewalls.remove", () => client.firewalls.remove(id));
}

async function addresses(client: DigitalOcean, step: Step, droplet: number): Promise<void> {
  for (const family of ["reservedIps", "floatingIps"] as const) {
    const calls = client[family];
    const bound = await step(`${family}.create bound`, () => calls.create({ droplet_id: droplet }));
    if (bound !== undefined) {
      await step(`${family}.unassigned`, () =>
        until(async () => (await calls.actions(bound.ip)).every((one) => one.status !== "in-progress")),
      );
      await step(`${family}.act unassign`, () => calls.act(bound.ip, { type: "unassign" }));
      await step(`${family}.unassigned`, () => until(async () => (await calls.get(bound.ip)).droplet === undefined));
      await step(`${family}.remove`, () => calls.remove(bound.ip));
    }
    const free = await step(`${family}.create`, () => calls.create({ region }));
    if (free === undefined) continue;
    await step(`${family}.list`, () => calls.list());
    await step(`${family}.get`, () => calls.get(free.ip));
    const action = await step(`${family}.act assign`, () =>
      calls.act(free.ip, { type: "assign", droplet_id: droplet }),
    );
    if (action !== undefined)
      await step(`${family}.action`, () =>
        until(async () => (await calls.action(free.ip, action.id)).status !== "in-progress"),
      );
    await step(`${family}.get assigned`, () => calls.get(free.ip));
    await step(`${family}.actions`, () => calls.actions(free.ip));
    await step(`${family}.act unassign`, () => calls.act(free.ip, { type: "unassign" }));
    await step(`${family}.unassigned`, () => until(async () => (await calls.get(free.ip)).droplet === undefined));
    await step(`${family}.remove`, () => calls.remove(free.ip));
  }
  const ipv6 = await step("reservedIpv6.create", () => client.reservedIpv6.create(region));
  if (ipv6 === undefined) return;
  await step("reservedIpv6.list", () => client.reservedIpv6.list());
  await step("reservedIpv6.act", () => client.reservedIpv6.act(ipv6.ip, { type: "assign", droplet_id: droplet }));
  await step("reservedIpv6.get", () => until(async () => (await client.reservedIpv6.get(ipv6.ip)).droplet === droplet));
  await step("reservedIpv6.act", () => client.reservedIpv6.act(ipv6.ip, { type: "unassign" }));
  await step("reservedIpv6.get", () =>
    until(async () => (await client.reservedIpv6.get(ipv6.ip)).droplet === undefined),
  );
  await step("reservedIpv6.remove", () => client.reservedIpv6.remove(ipv6.ip));
}

async function projects(client: DigitalOcean, step: Step, droplet: number): Promise<void> {
  await step("projects.list", () => client.projects.list());
  const first = await step("projects.get default", () => client.projects.get("default"));
  const project = await step("projects.create", () =>
    client.projects.create({ name: "conformance", purpose: "Service or API", environment: "Staging" }),
  );
  if (project === undefined) return;
  const urn = `do:droplet:${droplet}`;
  const whole = { name: "conformance", purpose: "Service or API", description: "", environment: "Staging" } as const;
  await step("projects.get", () => client.projects.get(project.id));
  await step("projects.change", () => client.projects.change(project.id, { description: "changed" }));
  await step("projects.update", () => client.projects.update(project.id, { ...whole, is_default: false }));
  await step("projects.assign", () => client.projects.assign(project.id, [urn]));
  await step("projects.resources", () => client.projects.resources(project.id));
  await step("projects.assign default", () => client.projects.assign("default", [urn]));
  await step("projects.resources default", () => client.projects.resources("default"));
  await step("projects.change default", () => client.projects.change("default", { description: "changed" }));
  await step("projects.update default", () =>
    client.projects.update("default", { ...whole, name: first?.name ?? "default", is_default: true }),
  );
  await step("projects.remove", () => client.projects.remove(project.id));
}

async function domains(client: DigitalOcean, step: Step): Promise<void> {
  const name = "conformance.example";
  const domain = await step("domains.create", () => client.domains.create({ name, ip_address: "192.0.2.1" }));
  if (domain === undefined) return;
  await step("domains.list", () => client.domains.list());
  await step("domains.get", () => client.domains.get(name));
  for (const record of [
    { type: "A", name: "www", data: "192.0.2.2", ttl: 60 },
    { type: "AAAA", name: "www", data: "2001:db8::2" },
    { type: "CNAME", name: "api", data: "www.conformance.example." },
    { type: "MX", name: "@", data: "mail.example.org.", priority: 10 },
    { type: "TXT", name: "@", data: "v=spf1 -all" },
    { type: "NS", name: "sub", data: "ns1.example.org." },
    { type: "SRV", name: "_sip._tcp", data: "sip.example.org.", priority: 1, port: 5060, weight: 2 },
    { type: "CAA", name: "@", data: "letsencrypt.org.", flags: 0, tag: "issue" },
  ]) {
    const made = await step(`records.create ${record.type}`, () => client.records.create(name, record));
    if (made === undefined) continue;
    await step("records.get", () => client.records.get(name, made.id));
    if (record.type !== "A") continue;
    await step("records.change", () => client.records.change(name, made.id, { type: "A", data: "192.0.2.3" }));
    await step("records.update", () => client.records.update(name, made.id, { type: "A", ttl: 120 }));
    await step("records.list by name", () => client.records.list(name, { name: `www.${name}`, type: "A" }));
    await step("records.remove", () => client.records.remove(name, made.id));
  }
  await step("records.list", () => client.records.list(name));
  await step("domains.remove", () => client.domains.remove(name));
}

async function actions(client: DigitalOcean, step: Step, id: number): Promise<void> {
  const act = (asked: DropletAct): Promise<unknown> =>
    step(`dropletActions.start ${asked.type}`, async () => {
      const { id: action } = await client.dropletActions.start(id, asked);
      await until(async () => (await client.dropletActions.get(id, action)).status !== "in-progress");
      await client.actions.get(action);
    });
  for (const type of ["reboot", "power_cycle", "shutdown", "power_on", "enable_ipv6", "password_reset"] as const)
    await act({ type });
  await act({ type: "enable_backups" });
  await act({ type: "change_backup_policy", backup_policy: { plan: "weekly", weekday: "SUN", hour: 20 } });
  await act({ type: "disable_backups" });
  await act({ type: "rename", name: "web-renamed" });
  await act({ type: "power_off" });
  await act({ type: "snapshot", name: "conformance" });
  await act({ type: "resize", size: "s-1vcpu-2gb" });
  const [snapshot] = (await step("droplets.snapshots", () => client.droplets.snapshots(id))) ?? [];
  await step("snapshots.list", () => client.snapshots.list());
  if (snapshot !== undefined) {
    await step("snapshots.get", () => client.snapshots.get(snapshot.id));
    await step("images.list private", () => client.images.list({ private: true }));
    await step("images.get by id", () => client.images.get(snapshot.id));
    await step("images.update", () => client.images.update(snapshot.id, { name: "conformance-2" }));
    const action = await step("images.act", () => client.images.act(snapshot.id, { type: "transfer", region: "ams3" }));
    await step("images.actions", () => client.images.actions(snapshot.id));
    if (action !== undefined) await step("images.action", () => client.images.action(snapshot.id, action.id));
    await act({ type: "restore", image: snapshot.id });
    await step("snapshots.remove", () => client.snapshots.remove(snapshot.id));
  }
  const custom = await step("images.create", () =>
    client.images.create({ name: "conformance", url: "http://192.0.2.1/none.qcow2", region, distribution: "Debian" }),
  );
  if (custom !== undefined) await step("images.remove", () => client.images.remove(custom.id));
  await act({ type: "rebuild", image: "debian-12-x64" });
  await step("dropletActions.startTagged", async () => {
    for (const { id: action } of await client.dropletActions.startTagged("conformance", { type: "power_cycle" }))
      await until(async () => (await client.actions.get(action)).status !== "in-progress");
  });
  await step("dropletActions.list", () => client.dropletActions.list(id));
  await step("actions.list", () => client.actions.list());
}

async function destroy(client: DigitalOcean, step: Step, id: number, second: number | undefined): Promise<void> {
  const gone = (droplet: number): Promise<void> =>
    until(async () => (await client.dropletDestroy.status(droplet)).completed_at != null);
  await step("dropletDestroy.associated", () => client.dropletDestroy.associated(id));
  await step("dropletDestroy.selected", async () => {
    await client.dropletDestroy.selected(id, { snapshots: [], volumes: [] });
    await gone(id);
  });
  if (second === undefined) return;
  await step("dropletDestroy.everything", async () => {
    await client.dropletDestroy.everything(second);
    await gone(second);
  });
  await step("dropletDestroy.retry", () => client.dropletDestroy.retry(second));
}

const active = (client: DigitalOcean, step: Step, id: number): Promise<unknown> =>
  step("droplets.get", () => until(async () => (await client.droplets.get(id)).status === "active"));

async function until(done: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + waitMs; !(await done()); await pause(200))
    if (Date.now() > end) throw new Error(`not done within ${waitMs / 1_000} s`);
}
