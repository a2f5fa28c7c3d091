import type { DigitalOcean } from "../../src/client/client.ts";
import { generateSshKey } from "../../src/ssh-key.ts";
import { actions, destroy } from "./acting.ts";
import { addresses, firewalls, projects, tags, volumes } from "./bound.ts";
import { refusals } from "./refusals.ts";
import { common, region, type Step, until } from "./step.ts";

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
  // The first of a region becomes its default, which cannot be deleted.
  const first = await step("vpcs.create", () => client.vpcs.create({ name: "conformance-1", region }));
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
  await refusals(client, step, droplet?.id);
  if (third !== undefined) await step("droplets.remove", () => client.droplets.remove(third.id));
  if (droplet !== undefined) await destroy(client, step, droplet.id, second?.id);
  await step("droplets.removeTagged", () => client.droplets.removeTagged("conformance"));
  await step("no droplets", () => until(async () => (await client.droplets.list({ tag: "conformance" })).length === 0));
  if (vpc !== undefined) await step("vpcs.remove", () => client.vpcs.remove(vpc.id));
  if (first !== undefined && first.default !== true) await step("vpcs.remove", () => client.vpcs.remove(first.id));
  if (key !== undefined) await step("keys.remove", () => client.keys.remove(key.id));
  for (const tag of ["conformance", "conformance:1", "conformance:2", "conformance:3"])
    await step("tags.remove", () => client.tags.remove(tag));
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

async function describing(client: DigitalOcean, step: Step): Promise<void> {
  await step("account.get", () => client.account.get());
  await step("regions.list", () => client.regions.list());
  await step("sizes.list", () => client.sizes.list());
  await step("images.list", () => client.images.list({ type: "distribution" }));
  await step("images.get", () => client.images.get("debian-12-x64"));
}

const active = (client: DigitalOcean, step: Step, id: number): Promise<unknown> =>
  step("droplets.get", () => until(async () => (await client.droplets.get(id)).status === "active"));
