import type { HostDistro } from "./releases.ts";

/** A size as DigitalOcean describes it. */
export interface Size {
  readonly slug: string;
  readonly memory: number;
  readonly vcpus: number;
  readonly disk: number;
  readonly transfer: number;
  readonly price_monthly: number;
  readonly price_hourly: number;
  readonly regions: readonly string[];
  readonly available: boolean;
  readonly description: string;
  readonly disk_info: readonly {
    readonly type: string;
    readonly size: { readonly amount: number; readonly unit: string };
  }[];
}

const places = {
  nyc1: "New York 1",
  nyc2: "New York 2",
  nyc3: "New York 3",
  ams3: "Amsterdam 3",
  sfo2: "San Francisco 2",
  sfo3: "San Francisco 3",
  sgp1: "Singapore 1",
  lon1: "London 1",
  fra1: "Frankfurt 1",
  tor1: "Toronto 1",
  blr1: "Bangalore 1",
  syd1: "Sydney 1",
  atl1: "Atlanta 1",
} as const;
const slugs: readonly string[] = Object.keys(places);

type Row = readonly [slug: string, vcpus: number, gigabytes: number, disk: number, transfer: number, monthly: number];

const family = (description: string, rows: readonly Row[]): readonly Size[] =>
  rows.map(([slug, vcpus, gigabytes, disk, transfer, monthly]) => ({
    slug,
    memory: gigabytes * 1024,
    vcpus,
    disk,
    transfer,
    price_monthly: monthly,
    // A month is billed as 672 hours at most.
    price_hourly: Math.round((monthly / 672) * 100_000) / 100_000,
    regions: slugs,
    available: true,
    description,
    disk_info: [{ type: "local", size: { amount: disk, unit: "gib" } }],
  }));

const premium = (maker: "intel" | "amd"): readonly Row[] => [
  [`s-1vcpu-1gb-${maker}`, 1, 1, 25, 1, 7],
  [`s-1vcpu-2gb-${maker}`, 1, 2, 50, 2, 14],
  [`s-2vcpu-2gb-${maker}`, 2, 2, 60, 3, 21],
  [`s-2vcpu-4gb-${maker}`, 2, 4, 80, 4, 28],
  [`s-4vcpu-8gb-${maker}`, 4, 8, 160, 5, 56],
  [`s-8vcpu-16gb-${maker}`, 8, 16, 320, 6, 112],
];

/** Sizes of the local cloud: DigitalOcean's at its prices, so that a plan's cost preview is real. */
export const sizes: readonly Size[] = [
  ...family("Basic", [
    ["s-1vcpu-512mb-10gb", 1, 0.5, 10, 0.5, 4],
    ["s-1vcpu-1gb", 1, 1, 25, 1, 6],
    ["s-1vcpu-2gb", 1, 2, 50, 2, 12],
    ["s-2vcpu-2gb", 2, 2, 60, 3, 18],
    ["s-2vcpu-4gb", 2, 4, 80, 4, 24],
    ["s-4vcpu-8gb", 4, 8, 160, 5, 48],
    ["s-8vcpu-16gb", 8, 16, 320, 6, 96],
  ]),
  ...family("Premium Intel", premium("intel")),
  ...family("Premium AMD", premium("amd")),
  ...family("CPU-Optimized", [
    ["c-2", 2, 4, 25, 4, 42],
    ["c-4", 4, 8, 50, 5, 84],
    ["c-8", 8, 16, 100, 6, 168],
    ["c-16", 16, 32, 200, 7, 336],
    ["c-32", 32, 64, 400, 9, 672],
  ]),
  ...family("General Purpose", [
    ["g-2vcpu-8gb", 2, 8, 25, 4, 63],
    ["g-4vcpu-16gb", 4, 16, 50, 5, 126],
    ["g-8vcpu-32gb", 8, 32, 100, 6, 252],
    ["g-16vcpu-64gb", 16, 64, 200, 7, 504],
    ["g-32vcpu-128gb", 32, 128, 400, 8, 1008],
  ]),
  ...family("Memory-Optimized", [
    ["m-2vcpu-16gb", 2, 16, 50, 4, 84],
    ["m-4vcpu-32gb", 4, 32, 100, 6, 168],
    ["m-8vcpu-64gb", 8, 64, 200, 7, 336],
    ["m-16vcpu-128gb", 16, 128, 400, 8, 672],
  ]),
];

/** A size by its slug, or the smallest when there is no such. */
export const sizeOf = (slug: string): Size => {
  const found = sizes.find((size) => size.slug === slug) ?? sizes[0];
  if (found === undefined) throw new RangeError("there are no sizes");
  return found;
};

export const regions = Object.entries(places).map(([slug, name]) => ({
  name,
  slug,
  features: ["backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer"],
  available: true,
  sizes: sizes.map((size) => size.slug),
}));

export type ImageSlug = "debian-12-x64" | "debian-13-x64" | "ubuntu-24-04-x64";

const baseImage = (
  slug: ImageSlug,
  id: number,
  distribution: "Debian" | "Ubuntu",
  name: string,
  createdAt: string,
) => ({
  id,
  name,
  distribution,
  slug,
  public: true,
  regions: slugs,
  created_at: createdAt,
  min_disk_size: 10,
  type: "base",
  size_gigabytes: 0.25,
  description: `${distribution} ${name}`,
  tags: [] as readonly string[],
  status: "available",
  error_message: "",
});
export type BaseImage = ReturnType<typeof baseImage>;

/** What can be made on a machine like this one. */
export const images: readonly BaseImage[] = [
  baseImage("debian-12-x64", 120_000_012, "Debian", "12 x64", "2023-06-10T00:00:00Z"),
  baseImage("debian-13-x64", 130_000_013, "Debian", "13 x64", "2025-08-09T00:00:00Z"),
  baseImage("ubuntu-24-04-x64", 240_000_004, "Ubuntu", "24.04 (LTS) x64", "2024-04-25T00:00:00Z"),
];

export const distroOf: Readonly<Record<ImageSlug, HostDistro>> = {
  "debian-12-x64": "debian-12",
  "debian-13-x64": "debian-13",
  "ubuntu-24-04-x64": "ubuntu-24.04",
};

/** Distributions that an image may name; anything else is Unknown. */
export const distributions = [
  "Arch Linux",
  "CentOS",
  "CoreOS",
  "Debian",
  "Fedora",
  "Fedora Atomic",
  "FreeBSD",
  "Gentoo",
  "openSUSE",
  "RancherOS",
  "Rocky Linux",
  "Ubuntu",
  "Unknown",
] as const;
