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
}

const places = {
  nyc1: "New York 1",
  nyc3: "New York 3",
  ams3: "Amsterdam 3",
  sfo3: "San Francisco 3",
  sgp1: "Singapore 1",
  lon1: "London 1",
  fra1: "Frankfurt 1",
  tor1: "Toronto 1",
  blr1: "Bangalore 1",
  syd1: "Sydney 1",
} as const;
const slugs: readonly string[] = Object.keys(places);

const basic = (vcpus: number, memory: number, disk: number, monthly: number, slug?: string): Size => ({
  slug: slug ?? `s-${vcpus}vcpu-${memory / 1024}gb`,
  memory,
  vcpus,
  disk,
  transfer: Math.min(vcpus + 1, 6),
  price_monthly: monthly,
  price_hourly: Math.round((monthly / 672) * 100_000) / 100_000,
  regions: slugs,
  available: true,
  description: "Basic",
});

/** Sizes of the local cloud: DigitalOcean's basic ones at its prices, so that a plan's cost preview is real. */
export const sizes: readonly Size[] = [
  basic(1, 512, 10, 4, "s-1vcpu-512mb-10gb"),
  basic(1, 1024, 25, 6),
  basic(1, 2048, 50, 12),
  basic(2, 2048, 60, 18),
  basic(2, 4096, 80, 24),
  basic(4, 8192, 160, 48),
  basic(8, 16384, 320, 96),
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
