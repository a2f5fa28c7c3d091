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

export const regions = Object.entries(places).map(([slug, name]) => ({
  name,
  slug,
  features: ["private_networking", "metadata"],
  available: true,
  sizes: sizes.map((size) => size.slug),
}));

export type ImageSlug = `${HostDistro}-x64`;

const debianImage = (version: "12" | "13", id: number, createdAt: string) => ({
  id,
  name: `${version} x64`,
  distribution: "Debian",
  slug: `debian-${version}-x64` satisfies ImageSlug,
  public: true,
  regions: slugs,
  created_at: createdAt,
  min_disk_size: 10,
  type: "base",
  size_gigabytes: 0.25,
  description: `Debian ${version} x64`,
  tags: [] as readonly string[],
  status: "available",
});

/** What is made on this machine. */
export const images = [
  debianImage("12", 120_000_012, "2023-06-10T00:00:00Z"),
  debianImage("13", 130_000_013, "2025-08-09T00:00:00Z"),
] as const;

export const distroOf: Readonly<Record<ImageSlug, HostDistro>> = {
  "debian-12-x64": "debian-12",
  "debian-13-x64": "debian-13",
};

export const findImage = (given: unknown): (typeof images)[number] | undefined =>
  images.find((image) => image.slug === given || image.id === given || String(image.id) === given);
