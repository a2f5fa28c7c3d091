/** What the cloud tells a droplet about itself. */
export interface Metadata {
  readonly id: number;
  readonly hostname: string;
  readonly region: string;
  readonly userData: string;
  readonly publicKeys: readonly string[];
  readonly tags: readonly string[];
  readonly nameservers: readonly string[];
  readonly publicNet: Interface;
  readonly privateNet?: Interface;
  /** The reserved address that points at it. */
  readonly reservedIp?: string;
}
export interface Interface {
  readonly address: string;
  readonly netmask: string;
  readonly gateway: string;
}

/** A value, or what is below it. */
type Tree = string | { readonly [name: string]: Tree };

/** The engine's own rule for the hardware address of an interface. */
const mac = (address: string): string =>
  `02:42:${address
    .split(".")
    .map((part) => Number(part).toString(16).padStart(2, "0"))
    .join(":")}`;

const net = (type: string, { address, netmask, gateway }: Interface): Tree => ({
  "0": { ipv4: { address, netmask, gateway }, mac: mac(address), type },
});
const netJson = (type: string, { address, netmask, gateway }: Interface): object => ({
  ipv4: { ip_address: address, netmask, gateway },
  mac: mac(address),
  type,
});

const pointing = (address: string | undefined): Tree => ({
  ipv4: address === undefined ? { active: "false" } : { active: "true", ip_address: address },
});
const pointingJson = (address: string | undefined): object => ({
  ipv4: address === undefined ? { active: false } : { active: true, ip_address: address },
});

function json(of: Metadata): object {
  return {
    droplet_id: of.id,
    hostname: of.hostname,
    vendor_data: "",
    ...(of.userData === "" ? {} : { user_data: of.userData }),
    public_keys: of.publicKeys,
    region: of.region,
    interfaces: {
      ...(of.privateNet === undefined ? {} : { private: [netJson("private", of.privateNet)] }),
      public: [netJson("public", of.publicNet)],
    },
    floating_ip: pointingJson(of.reservedIp),
    reserved_ip: pointingJson(of.reservedIp),
    dns: { nameservers: of.nameservers },
    tags: of.tags,
    features: { dhcp_enabled: false },
  };
}

/** Files of the metadata service for a droplet by their path below its root; a folder's file `index` lists it. Pure. */
export function metadataFiles(of: Metadata): ReadonlyMap<string, string> {
  const lines = (all: readonly string[]): string => all.join("\n");
  const tree: Tree = {
    id: String(of.id),
    hostname: of.hostname,
    "user-data": of.userData,
    "vendor-data": "",
    "public-keys": lines(of.publicKeys),
    region: of.region,
    interfaces: {
      public: net("public", of.publicNet),
      ...(of.privateNet === undefined ? {} : { private: net("private", of.privateNet) }),
    },
    dns: { nameservers: lines(of.nameservers) },
    floating_ip: pointing(of.reservedIp),
    reserved_ip: pointing(of.reservedIp),
    tags: Object.fromEntries(of.tags.map((tag) => [tag, tag])),
    features: { dhcp_enabled: "false" },
  };
  const files = new Map<string, string>();
  const write = (path: string, node: Tree): void => {
    if (typeof node === "string") {
      files.set(path, node);
      return;
    }
    const names = Object.entries(node).map(([name, below]) => (typeof below === "string" ? name : `${name}/`));
    files.set(`${path}/index`, lines(names));
    // A tag may be longer than the name of a file in an archive, and nothing is asked below the list of tags.
    if (path !== "metadata/v1/tags") for (const [name, below] of Object.entries(node)) write(`${path}/${name}`, below);
  };
  write("metadata/v1", tree);
  files.set("metadata/v1.json", JSON.stringify(json(of)));
  return files;
}
