import type { Catalog, Scope } from "../provider.ts";
import type { Context } from "./context.ts";

/** DigitalOcean's prices that no list of its API tells. */
const volumeMonthlyPerGb = 0.1;
/** Of weekly ones, which machines ask for. */
const backupsPart = 0.2;

/** What DigitalOcean offers, as far as the scope asks. The regions are those of the sizes: one list less. */
export async function catalogOf({ client }: Context, { wanted }: Scope): Promise<Catalog> {
  const machines = wanted.filter((one) => one.kind === "machine");
  if (machines.length === 0)
    return { currency: "$", regions: [], sizes: [], images: [], volumeMonthlyPerGb, backupsPart };
  const own = machines.some((one) => /^\d+$/.test(one.image));
  const [sizes, images, ownImages] = await Promise.all([
    client.sizes.list(),
    client.images.list({ type: "distribution" }),
    own ? client.images.list({ private: true }) : [],
  ]);
  const offered = new Set(sizes.flatMap((size) => (size.available ? size.regions : [])));
  const known = new Set(sizes.flatMap((size) => size.regions));
  return {
    currency: "$",
    regions: [...known].map((slug) => ({ slug, available: offered.has(slug) })),
    sizes: sizes.map((size) => ({
      slug: size.slug,
      memoryMb: size.memory,
      vcpus: size.vcpus,
      diskGb: size.disk,
      monthly: size.price_monthly,
      regions: size.regions,
      available: size.available,
    })),
    images: [...images, ...ownImages].map((image) => ({
      slug: image.slug ?? "",
      id: String(image.id),
      minDiskGb: image.min_disk_size ?? 0,
    })),
    volumeMonthlyPerGb,
    backupsPart,
  };
}
