import type { Observed, Seen, SeenMachine, WantedMachine } from "../../src/index.ts";
import { digestOf, specOf } from "../../src/index.ts";
import { generateSshKey } from "../../src/ssh-key.ts";

const hostKey = generateSshKey("host");

export const want = (name: string, change: Partial<WantedMachine> = {}): WantedMachine => ({
  kind: "machine",
  name,
  region: "lon1",
  size: "s-1vcpu-1gb",
  image: "debian-12-x64",
  tags: [],
  protect: false,
  backups: false,
  firewalls: [],
  ...change,
});

/** The machine that a wanted one became, and what happened to it since. */
export const made = (
  name: string,
  id: number | string,
  change: Partial<SeenMachine> = {},
  of = want(name),
): SeenMachine => {
  const { userData, ...rest } = of;
  return {
    ...rest,
    name: name.toLowerCase(),
    id: String(id),
    ours: true,
    dollarsMonthly: 0,
    label: name,
    status: "active",
    address: `192.0.2.${id}`,
    privateAddress: "",
    hostKeys: [hostKey.sha256],
    hostPublicKeys: [hostKey.publicKey],
    fresh: false,
    created: "2026-01-01T00:00:00Z",
    diskGb: 25,
    retired: false,
    spec: specOf(of),
    ...(userData !== undefined && { userDataDigest: digestOf(userData) }),
    ...change,
  };
};

const size = (slug: string, diskGb: number, monthly: number, regions = ["lon1", "ams3"]) => ({
  slug,
  memoryMb: 1024,
  vcpus: 1,
  diskGb,
  monthly,
  regions,
  available: true,
});

/** What is seen of a cloud with these in it. */
export const cloud = (seen: readonly Seen[], machineLimit = 25): Observed => ({
  seen,
  traits: {
    name: "digitalocean",
    kinds: ["project", "key", "machine", "volume", "firewall", "reserved-ip", "domain", "record"],
    how: {
      machine: { region: "replace", image: "replace", size: "while off" },
      volume: { region: "replace", filesystem: "replace" },
    },
    addressesEach: 1,
  },
  catalog: {
    currency: "$",
    regions: [
      { slug: "lon1", available: true },
      { slug: "ams3", available: true },
      { slug: "fra1", available: false },
    ],
    sizes: [size("s-1vcpu-1gb", 25, 6), size("s-2vcpu-4gb", 80, 24), size("s-1vcpu-512mb-10gb", 10, 4, ["ams3"])],
    images: [
      { slug: "debian-12-x64", id: "1", minDiskGb: 7 },
      { slug: "debian-13-x64", id: "2", minDiskGb: 7 },
      { slug: "", id: "77", minDiskGb: 60 },
    ],
    volumeMonthlyPerGb: 0.1,
    backupsPart: 0.2,
  },
  room: { machine: { most: machineLimit, there: seen.filter((one) => one.kind === "machine" && one.ours).length } },
});
