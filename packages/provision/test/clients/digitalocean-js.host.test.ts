import { DigitalOcean, type Droplet } from "digitalocean-js";
import { travels } from "./journey.ts";
import type { Shown, Traveller } from "./traveller.ts";

const shown = ({ id, name, status, locked, networks, tags }: Droplet): Shown => ({
  id,
  name,
  status,
  locked,
  address: networks?.v4.find((one) => one.type === "public")?.ip_address ?? "",
  tags,
});
const everywhere = { addresses: ["0.0.0.0/0", "::/0"], droplet_ids: [], load_balancer_uids: [], tags: [] };
const inbound = (port: number) => ({ protocol: "tcp", ports: String(port), sources: everywhere });
const purpose = "Web Application";

travels("digitalocean-js", async (cloud) => {
  const api = new DigitalOcean(cloud.token, `${cloud.url}/v2`);
  const traveller: Traveller = {
    keys: {
      async add(name, public_key) {
        const made = await api.ssh.createNewKey({ name, public_key });
        return Number(made.id);
      },
      list: async () => (await api.ssh.getAllKeys()).map(({ id, name }) => ({ id: Number(id), name })),
      remove: (id) => api.ssh.deleteKey(String(id)),
    },
    droplets: {
      async create({ name, key, userData, tags, ...rest }) {
        const asked = { ...rest, names: [name], ssh_keys: [key], tags: [...tags], user_data: userData };
        const [made] = await api.droplets.createMultipleDroplets(asked);
        return made?.id ?? 0;
      },
      one: async (id) => shown(await api.droplets.getExistingDroplet(id)),
      list: async () => (await api.droplets.getAllDroplets()).map(shown),
      async act(id, act) {
        if (act.type === "rename") await api.dropletActions.renameDroplet(id, act.name);
        else if (act.type === "snapshot") await api.dropletActions.snapshotDroplet(id, act.name);
        else if (act.type === "reboot") await api.dropletActions.rebootDroplet(id);
        else if (act.type === "shutdown") await api.dropletActions.shutdownDroplet(id);
        else await api.dropletActions.powerOnDroplet(id);
      },
      remove: (id) => api.droplets.deleteDroplet(id),
    },
    snapshots: {
      list: async () => (await api.snapshots.getSnapshots("droplet")).map(({ id, name }) => ({ id, name })),
      remove: (id) => api.snapshots.deleteSnapshot(id),
    },
    tags: {
      async put(tag, droplet) {
        await api.tags.createTag(tag);
        await api.tags.tagResources(tag, [String(droplet)]);
      },
      take: (tag, droplet) => api.tags.removeTagFromResources(tag, [String(droplet)]),
      remove: (tag) => api.tags.deleteTag(tag),
    },
    volumes: {
      async create({ name, region, gigabytes }) {
        return (await api.blockStorage.createBlockStorage({ name, region, size_gigabytes: gigabytes })).id;
      },
      async list() {
        const all = await api.blockStorage.getAllBlockStorage();
        return all.map(({ id, name, droplet_ids }) => ({ id, name, droplets: droplet_ids }));
      },
      async attach(_id, droplet_id) {
        const asked = { type: "attach", volume_name: "data", region: "lon1", droplet_id } as const;
        await api.blockStorageActions.attachVolumeToDropletByName(asked);
      },
      async detach(id, droplet_id) {
        await api.blockStorageActions.detachVolumeFromDroplet(id, { type: "detach", region: "lon1", droplet_id });
      },
      remove: (id) => api.blockStorage.deleteBlockStorageById(id),
    },
    firewalls: {
      async create(name, droplet) {
        const outbound_rules = [{ protocol: "tcp", ports: "all", destinations: everywhere }];
        const asked = { name, inbound_rules: [inbound(22)], outbound_rules, droplet_ids: [droplet], tags: [] };
        return (await api.firewalls.createFirewall(asked)).id ?? "";
      },
      async list() {
        const all = await api.firewalls.getAllFirewalls();
        return all.map(({ id = "", name, inbound_rules }) => {
          return { id, name, ports: inbound_rules.map((rule) => rule.ports) };
        });
      },
      async open(id, port) {
        // As it documents it: what was read, changed and written back whole.
        const firewall = await api.firewalls.getExistingFirewall(id);
        await api.firewalls.updateFirewall({
          ...firewall,
          inbound_rules: [...firewall.inbound_rules, inbound(port)],
        });
      },
      remove: (id) => api.firewalls.deleteFirewall(id),
    },
    addresses: {
      create: async (region) => (await api.floatingIPs.createFloatingIPForRegion(region)).ip,
      assign: async (ip, droplet) => void (await api.floatingIPActions.assignFloatingIPToDroplet(ip, String(droplet))),
      unassign: async (ip) => void (await api.floatingIPActions.unassignFloatingIP(ip)),
      async list() {
        // Its type says that it gives one.
        const all = (await api.floatingIPs.getAllFloatingIPs()) as unknown as { ip: string; droplet: Droplet | null }[];
        return all.map(({ ip, droplet }) => ({ ip, droplet: droplet?.id }));
      },
      remove: (ip) => api.floatingIPs.deleteFloatingIP(ip),
    },
    domains: {
      create: async (name, ip_address) => void (await api.domains.createDomain({ name, ip_address })),
      list: async () => (await api.domains.getAllDomains()).map(({ name }) => name),
      async records(domain) {
        const all = await api.domainRecords.getAllDomainRecords(domain);
        return all.map(({ id, type, name, data }) => ({ id, type, name, data }));
      },
      async add(domain, { name, data, type }) {
        const asked = { name, data, type: type as "A" };
        return (await api.domainRecords.createDomainRecord(domain, asked)).id;
      },
      async change(domain, id, { name, data, type }) {
        await api.domainRecords.updateDomainRecord(domain, id, { name, data, type: type as "A" });
      },
      drop: (domain, id) => api.domainRecords.deleteDomainRecord(domain, id),
      remove: (name) => api.domains.deleteDomain(name),
    },
    projects: {
      async create(name) {
        const asked = { name, description: "a shop", purpose, environment: "Staging" } as const;
        return (await api.projects.createProject(asked)).id ?? "";
      },
      async list() {
        return (await api.projects.getAllProjects()).map(({ id = "", name = "" }) => ({ id, name }));
      },
      put: async (id, urn) => void (await api.projects.assignResourcesToProject(id, [urn])),
      holds: async (id) => (await api.projects.getProjectResources(id)).map(({ urn }) => urn),
      remove: (id) => api.projects.deleteProject(id),
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return traveller;
});
