import type { DigitalOcean } from "../../src/client/client.ts";
import { region, type Step, until } from "./step.ts";

// What is bound to a droplet.

export async function tags(client: DigitalOcean, step: Step, droplet: number): Promise<void> {
  await step("tags.create", () => client.tags.create("conformance:3"));
  await step("tags.assign", () => client.tags.assign("conformance:3", "droplet", [droplet]));
  await step("tags.get", () => client.tags.get("conformance:3"));
  await step("tags.list", () => client.tags.list());
  await step("tags.unassign", () => client.tags.unassign("conformance:3", "droplet", [droplet]));
}

export async function volumes(client: DigitalOcean, step: Step, droplet: number): Promise<void> {
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

export async function firewalls(client: DigitalOcean, step: Step, droplet: number): Promise<void> {
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

export async function addresses(client: DigitalOcean, step: Step, droplet: number): Promise<void> {
  /** A droplet has one action at a time: the next call waits for its end. */
  const act = (what: string, start: () => Promise<{ readonly id: number }>): Promise<unknown> =>
    step(what, async () => {
      const { id } = await start();
      await until(async () => (await client.actions.get(id)).status !== "in-progress");
      return id;
    });
  const assign = { type: "assign", droplet_id: droplet } as const;
  for (const family of ["reservedIps", "floatingIps"] as const) {
    const calls = client[family];
    const bound = await step(`${family}.create bound`, () => calls.create({ droplet_id: droplet }));
    if (bound !== undefined) {
      const { ip } = bound;
      await step(`${family}.actions`, () =>
        until(async () => (await calls.actions(ip)).every((one) => one.status !== "in-progress")),
      );
      await act(`${family}.act unassign`, () => calls.act(ip, { type: "unassign" }));
      await step(`${family}.remove`, () => calls.remove(ip));
    }
    const free = await step(`${family}.create`, () => calls.create({ region }));
    if (free === undefined) continue;
    const { ip } = free;
    await step(`${family}.list`, () => calls.list());
    await step(`${family}.get`, () => calls.get(ip));
    await act(`${family}.act assign`, async () => {
      const action = await calls.act(ip, assign);
      return calls.action(ip, action.id);
    });
    await step(`${family}.get assigned`, () => until(async () => (await calls.get(ip)).droplet === droplet));
    await act(`${family}.act unassign`, () => calls.act(ip, { type: "unassign" }));
    await step(`${family}.get unassigned`, () => until(async () => (await calls.get(ip)).droplet === undefined));
    await step(`${family}.remove`, () => calls.remove(ip));
  }
  const calls = client.reservedIpv6;
  const ipv6 = await step("reservedIpv6.create", () => calls.create(region));
  if (ipv6 === undefined) return;
  const { ip } = ipv6;
  await step("reservedIpv6.list", () => calls.list());
  await act("reservedIpv6.act assign", () => calls.act(ip, assign));
  await step("reservedIpv6.get", () => until(async () => (await calls.get(ip)).droplet === droplet));
  await act("reservedIpv6.act unassign", () => calls.act(ip, { type: "unassign" }));
  await step("reservedIpv6.get", () => until(async () => (await calls.get(ip)).droplet === undefined));
  await step("reservedIpv6.remove", () => calls.remove(ip));
}

export async function projects(client: DigitalOcean, step: Step, droplet: number): Promise<void> {
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
