import { createApiClient } from "dots-wrapper";
import { travels } from "./journey.ts";
import type { Shown, Traveller } from "./traveller.ts";

/** All pages of a list, two to a page. */
async function all<T>(
  ask: (page: { page: number; per_page: number }) => Promise<{ items: readonly T[]; next?: string | undefined }>,
): Promise<readonly T[]> {
  const every: T[] = [];
  for (let page = 1; ; page += 1) {
    const { items, next } = await ask({ page, per_page: 1 });
    every.push(...items);
    if (next === undefined) return every;
  }
}

travels("dots-wrapper", async (cloud) => {
  const api = createApiClient({ endpoint: `${cloud.url}/v2`, token: cloud.token });
  type Droplet = Awaited<ReturnType<typeof api.droplet.getDroplet>>["data"]["droplet"];
  const shown = ({ id, name, status, locked, networks, tags }: Droplet): Shown => ({
    id,
    name,
    status,
    locked,
    address: networks.v4.find((one) => one.type === "public")?.ip_address ?? "",
    tags,
  });
  const traveller: Traveller = {
    keys: {
      add: async (name, public_key) => (await api.sshKey.createSshKey({ name, public_key })).data.ssh_key.id,
      list: () =>
        all(async (page) => {
          const { data } = await api.sshKey.listSshKeys(page);
          return { items: data.ssh_keys.map(({ id, name }) => ({ id, name })), next: data.links?.pages?.next };
        }),
      remove: async (ssh_key_id) => void (await api.sshKey.destroySshKey({ ssh_key_id })),
    },
    droplets: {
      async create({ key, userData, tags, ...rest }) {
        const asked = { ...rest, ssh_keys: [key], tags: [...tags], user_data: userData, monitoring: true };
        return (await api.droplet.createDroplet(asked)).data.droplet.id;
      },
      one: async (droplet_id) => shown((await api.droplet.getDroplet({ droplet_id })).data.droplet),
      list: () =>
        all(async (page) => {
          const { data } = await api.droplet.listDroplets(page);
          return { items: data.droplets.map(shown), next: data.links?.pages?.next };
        }),
      async act(droplet_id, act) {
        if (act.type === "rename") await api.droplet.renameDroplet({ droplet_id, name: act.name });
        else if (act.type === "snapshot") await api.droplet.snapshotDroplet({ droplet_id, name: act.name });
        else if (act.type === "reboot") await api.droplet.rebootDroplet({ droplet_id });
        else if (act.type === "shutdown") await api.droplet.shutdownDroplet({ droplet_id });
        else await api.droplet.powerOnDroplet({ droplet_id });
      },
      remove: async (droplet_id) => void (await api.droplet.deleteDroplet({ droplet_id })),
    },
    snapshots: {
      list: () =>
        all(async (page) => {
          const { data } = await api.snapshot.listSnapshots({ ...page, resource_type: "droplet" });
          return { items: data.snapshots.map(({ id, name }) => ({ id, name })), next: data.links?.pages?.next };
        }),
      remove: async (snapshot_id) => void (await api.snapshot.deleteSnapshot({ snapshot_id })),
    },
    tags: {
      async put(tag_name, droplet) {
        await api.tag.createTag({ name: tag_name });
        const resources = [{ resource_id: String(droplet), resource_type: "droplet" }];
        await api.tag.tagResources({ tag_name, resources });
      },
      async take(tag_name, droplet) {
        const resources = [{ resource_id: String(droplet), resource_type: "droplet" }];
        await api.tag.untagResources({ tag_name, resources });
      },
      remove: async (tag_name) => void (await api.tag.deleteTag({ tag_name })),
    },
    volumes: {
      async create({ name, region, gigabytes }) {
        const asked = { name, region, size_gigabytes: gigabytes, filesystem_type: "ext4", description: "" };
        return (await api.volume.createVolume(asked)).data.volume.id;
      },
      list: () =>
        all(async (page) => {
          const { data } = await api.volume.listVolumes({ ...page });
          const items = data.volumes.map(({ id, name, droplet_ids }) => ({ id, name, droplets: droplet_ids }));
          return { items, next: data.links?.pages?.next };
        }),
      attach: async (volume_id, droplet_id) =>
        void (await api.volume.attachVolumeToDroplet({ volume_id, droplet_id, region: "lon1" })),
      detach: async (volume_id, droplet_id) =>
        void (await api.volume.detachVolumeFromDroplet({ volume_id, droplet_id, region: "lon1" })),
      remove: async (volume_id) => void (await api.volume.deleteVolume({ volume_id })),
    },
    firewalls: {
      async create(name, droplet) {
        const everywhere = { addresses: ["0.0.0.0/0", "::/0"] };
        const { data } = await api.firewall.createFirewall({
          name,
          droplet_ids: [droplet],
          inbound_rules: [{ protocol: "tcp", ports: "22", sources: everywhere }],
          outbound_rules: [{ protocol: "tcp", ports: "all", destinations: everywhere }],
        });
        return data.firewall.id ?? "";
      },
      list: () =>
        all(async (page) => {
          const { data } = await api.firewall.listFirewalls(page);
          const items = data.firewalls.map(({ id = "", name, inbound_rules }) => {
            return { id, name, ports: inbound_rules.map((rule) => rule.ports) };
          });
          return { items, next: data.links?.pages?.next };
        }),
      async open(firewall_id, port) {
        const inbound_rules = [{ protocol: "tcp", ports: String(port), sources: { addresses: ["0.0.0.0/0"] } }];
        await api.firewall.addRulesToFirewall({ firewall_id, inbound_rules, outbound_rules: [] });
      },
      remove: async (firewall_id) => void (await api.firewall.deleteFirewall({ firewall_id })),
    },
    addresses: {
      create: async (region) => (await api.floatingIp.createFloatingIp({ region })).data.floating_ip.ip,
      assign: async (ip, droplet_id) => void (await api.floatingIp.assignIpToDroplet({ ip, droplet_id })),
      unassign: async (ip) => void (await api.floatingIp.unassignIpFromDroplet({ ip })),
      list: () =>
        all(async (page) => {
          const { data } = await api.floatingIp.listFloatingIps(page);
          // Its type leaves out that an address may be nobody's.
          const items = data.floating_ips.map((one) => ({ ip: one.ip, droplet: one.droplet?.id }));
          return { items, next: data.links?.pages?.next };
        }),
      remove: async (ip) => void (await api.floatingIp.deleteFloatingIp({ ip })),
    },
    domains: {
      create: async (name, ip_address) => void (await api.domain.createDomain({ name, ip_address })),
      list: () =>
        all(async (page) => {
          const { data } = await api.domain.listDomains(page);
          return { items: data.domains.map(({ name }) => name), next: data.links?.pages?.next };
        }),
      records: (domain_name) =>
        all(async (page) => {
          const { data } = await api.domain.listDomainRecords({ ...page, domain_name });
          const items = data.domain_records.map(({ id, type, name, data: value }) => ({ id, type, name, data: value }));
          return { items, next: data.links?.pages?.next };
        }),
      add: async (domain_name, record) =>
        (await api.domain.createDomainRecord({ domain_name, ...record })).data.domain_record.id,
      change: async (domain_name, domain_record_id, record) =>
        void (await api.domain.updateDomainRecord({ domain_name, domain_record_id, ...record })),
      drop: async (domain_name, domain_record_id) =>
        void (await api.domain.deleteDomainRecord({ domain_name, domain_record_id })),
      remove: async (name) => void (await api.domain.deleteDomain({ name })),
    },
    projects: {
      async create(name) {
        const asked = { name, description: "a shop", purpose: "Web Application", environment: "Staging" };
        return (await api.project.createProject(asked)).data.project.id;
      },
      list: () =>
        all(async (page) => {
          const { data } = await api.project.listProjects(page);
          return { items: data.projects.map(({ id, name }) => ({ id, name })), next: data.links?.pages?.next };
        }),
      put: async (project_id, urn) =>
        void (await api.project.assignResourcesToProject({ project_id, resources: [urn] })),
      holds: (project_id) =>
        all(async (page) => {
          const { data } = await api.project.listProjectResources({ ...page, project_id });
          return { items: data.resources.map(({ urn }) => urn), next: data.links?.pages?.next };
        }),
      remove: async (project_id) => void (await api.project.deleteProject({ project_id })),
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return traveller;
});
