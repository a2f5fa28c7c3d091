import type { Catalog, Scope } from "../provider.ts";
import type { Context } from "./context.ts";
import type { ServerType } from "./shapes.ts";

/**
 * What Hetzner sells, in euros without tax. A server's price is with its IPv4 address. Prices differ by location: each type has that of where the
 * file wants it.
 */
export async function catalogOf({ client }: Context, { wanted }: Scope): Promise<Catalog> {
  const machines = wanted.filter((one) => one.kind === "machine");
  const own = machines.some((one) => /^\d+$/.test(one.image));
  const [locations, types, system, snapshots, prices] = await Promise.all([
    client.locations(),
    client.serverTypes(),
    client.images("system"),
    own ? client.images("snapshot") : [],
    client.pricing(),
  ]);
  const amount = (text: string | undefined): number => Number(text ?? 0);
  const address = amount(
    prices.primary_ips?.find((one) => one.type === "ipv4")?.prices[0]?.price_monthly.net ?? undefined,
  );
  const offered = new Set(types.flatMap(placesOf));
  return {
    currency: "€",
    regions: locations.map(({ name }) => ({ slug: name, available: offered.has(name) })),
    sizes: types
      .filter((type) => type.architecture !== "arm")
      .map((type) => {
        const where = machines.find((one) => one.size === type.name)?.region;
        const price = type.prices.find((one) => one.location === where) ?? type.prices[0];
        return {
          slug: type.name,
          memoryMb: type.memory * 1_024,
          vcpus: type.cores,
          diskGb: type.disk,
          monthly: amount(price?.price_monthly.net) + address,
          regions: placesOf(type),
          available: placesOf(type).length > 0,
        };
      }),
    images: [...system, ...snapshots]
      .filter((image) => image.status === "available" && image.architecture !== "arm")
      .map((image) => ({ slug: image.name ?? "", id: String(image.id), minDiskGb: image.disk_size })),
    volumeMonthlyPerGb: amount(prices.volume.price_per_gb_month.net),
    backupsPart: amount(prices.server_backup.percentage) / 100,
  };
}

/** Where a type can be had now. */
const placesOf = (type: ServerType): readonly string[] =>
  type.locations === undefined || type.locations === null
    ? type.prices.map((price) => price.location)
    : type.locations.filter((one) => one.available !== false).map((one) => one.name);
