// Run by its test as a process of its own, with the environment that makes the local cloud its https://api.digitalocean.com.
import { createInterface } from "node:readline";
import wrapper from "do-wrapper";
import type { Act, NewDroplet, Shown, ShownRecord } from "./traveller.ts";

const api = new wrapper.default(process.env["TOKEN"] ?? "", 1);
/** It answers with `any`; the parts that are used. */
type Answer = Record<string, unknown> & { meta?: { total?: number } };
interface Droplet extends Omit<Shown, "address"> {
  readonly networks: { readonly v4: readonly { ip_address: string; type: string }[] };
}

/** All pages of a list, one to a page. */
async function all<T>(name: string, ask: (page: number) => Promise<Answer>): Promise<T[]> {
  const every: T[] = [];
  for (let page = 1; ; page += 1) {
    const answer = await ask(page);
    every.push(...(answer[name] as T[]));
    if (every.length >= (answer.meta?.total ?? 0)) return every;
  }
}

const shown = ({ id, name, status, locked, networks, tags }: Droplet): Shown => ({
  id,
  name,
  status,
  locked,
  address: networks.v4.find((one) => one.type === "public")?.ip_address ?? "",
  tags,
});
const everywhere = { addresses: ["0.0.0.0/0", "::/0"], droplet_ids: [] };
const inbound = (port: number) => ({ protocol: "tcp", ports: String(port), sources: everywhere });
const purpose = "Web Application";
const named = <T>({ id, name }: { id: T; name: string }): { id: T; name: string } => ({ id, name });
/** Its types ask for a list or a string where it sends its argument as the whole body. */
const body = (value: object): never => value as never;
const tagged = (droplet: number) => body({ resources: [{ resource_id: String(droplet), resource_type: "droplet" }] });

const calls = {
  "keys.add": async (name: string, public_key: string) => (await api.keys.add({ name, public_key })).ssh_key.id,
  "keys.list": async () =>
    (await all<{ id: number; name: string }>("ssh_keys", (page) => api.keys.getAll("", false, page))).map(named),
  "keys.remove": (id: number) => api.keys.delete(String(id)),
  "droplets.create": async ({ key, userData, tags, ...rest }: NewDroplet) => {
    const flags = { backups: false, ipv6: false, private_networking: true, monitoring: false, volumes: [] };
    const asked = { ...rest, ...flags, ssh_keys: [key], user_data: userData, tags: [...tags] };
    return (await api.droplets.create(asked)).droplet.id;
  },
  "droplets.one": async (id: number) => shown((await api.droplets.getById(String(id))).droplet),
  "droplets.list": async () =>
    (await all<Droplet>("droplets", (page) => api.droplets.getAll("", false, page))).map(shown),
  "droplets.act": async (id: number, act: Act) => void (await api.droplets.requestAction(String(id), act)),
  "droplets.remove": (id: number) => api.droplets.deleteById(String(id)),
  "snapshots.list": async () =>
    (await all<{ id: string; name: string }>("snapshots", (page) => api.snapshots.getForDroplets("", false, page))).map(
      named,
    ),
  "snapshots.remove": (id: string) => api.snapshots.deleteById(id),
  "tags.put": async (tag: string, droplet: number) => {
    await api.tags.create(tag);
    await api.tags.addResources(tag, tagged(droplet));
  },
  "tags.take": (tag: string, droplet: number) => api.tags.removeResources(tag, tagged(droplet)),
  "tags.remove": (tag: string) => api.tags.delete(tag),
  "volumes.create": async ({ name, region, gigabytes }: { name: string; region: string; gigabytes: number }) =>
    (await api.volumes.create({ name, region, size_gigabytes: gigabytes, description: "" })).volume.id,
  "volumes.list": async () =>
    ((await api.volumes.getAll("lon1")).volumes as { id: string; name: string; droplet_ids: number[] }[]).map(
      ({ id, name, droplet_ids }) => ({ id, name, droplets: droplet_ids }),
    ),
  "volumes.attach": async (id: string, droplet_id: number) =>
    void (await api.volumes.requestAction(id, { type: "attach", droplet_id, region: "lon1" })),
  "volumes.detach": async (id: string, droplet_id: number) =>
    void (await api.volumes.requestAction(id, { type: "detach", droplet_id, region: "lon1" })),
  "volumes.remove": () => api.volumes.deleteByNameAndRegion("data", "lon1"),
  "firewalls.create": async (name: string, droplet: number) => {
    const outbound_rules = [{ protocol: "tcp", ports: "all", destinations: { addresses: everywhere.addresses } }];
    const asked = { name, inbound_rules: [inbound(22)], outbound_rules, droplet_ids: [droplet] };
    return (await api.firewalls.create(asked)).firewall.id;
  },
  "firewalls.list": async () =>
    (
      (await api.firewalls.getAll()).firewalls as { id: string; name: string; inbound_rules: { ports: string }[] }[]
    ).map(({ id, name, inbound_rules }) => ({ id, name, ports: inbound_rules.map((rule) => rule.ports) })),
  "firewalls.open": (id: string, port: number) => api.firewalls.addRules(id, { inbound_rules: [inbound(port)] }),
  "firewalls.remove": (id: string) => api.firewalls.delete(id),
  "addresses.create": async (region: string) => (await api.floatingIPs.assignRegion(region)).floating_ip.ip,
  "addresses.assign": async (ip: string, droplet_id: number) =>
    void (await api.floatingIPs.requestAction(ip, body({ type: "assign", droplet_id }))),
  "addresses.unassign": async (ip: string) =>
    void (await api.floatingIPs.requestAction(ip, body({ type: "unassign" }))),
  "addresses.list": async () =>
    (
      await all<{ ip: string; droplet: { id: number } | null }>("floating_ips", (page) =>
        api.floatingIPs.getAll("", false, page),
      )
    ).map(({ ip, droplet }) => ({ ip, droplet: droplet?.id })),
  "addresses.remove": (ip: string) => api.floatingIPs.deleteByIp(ip),
  "domains.create": async (name: string, ip_address: string) => void (await api.domains.create({ name, ip_address })),
  "domains.list": async () =>
    (await all<{ name: string }>("domains", (page) => api.domains.getAll("", false, page))).map(({ name }) => name),
  "domains.records": async (domain: string) =>
    (await all<ShownRecord>("domain_records", (page) => api.domains.getAllRecords(domain, "", false, page))).map(
      ({ id, type, name, data }) => ({ id, type, name, data }),
    ),
  "domains.add": async (domain: string, record: ShownRecord) =>
    (await api.domains.createRecord(domain, { ...record, ttl: 300, tag: "" })).domain_record.id,
  "domains.change": async (domain: string, id: number, record: ShownRecord) =>
    void (await api.domains.updateRecord(domain, String(id), { ...record, ttl: 300, tag: "" })),
  "domains.drop": (domain: string, id: number) => api.domains.deleteRecord(domain, String(id)),
  "domains.remove": (name: string) => api.domains.delete(name),
  "projects.create": async (name: string) =>
    (await api.projects.create({ name, description: "a shop", purpose, environment: "Staging" })).project.id,
  "projects.list": async () =>
    (await all<{ id: string; name: string }>("projects", (page) => api.projects.getAll(false, page))).map(named),
  "projects.put": async (id: string, urn: string) => void (await api.projects.addResources(id, [urn])),
  "projects.holds": async (id: string) =>
    ((await api.projects.getResources(id)).resources as { urn: string }[]).map(({ urn }) => urn),
};

for await (const line of createInterface(process.stdin)) {
  const [name, given] = JSON.parse(line) as [keyof typeof calls, never[]];
  const call = calls[name] as (...args: never[]) => Promise<unknown>;
  const answer = await call(...given).then(
    (value) => ({ value }),
    (error: Error & { response?: { body?: string } }) => ({ error: `${error.message} ${error.response?.body ?? ""}` }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
