import type { Catalog } from "../provider.ts";
import type { Seen, Wanted } from "../resource.ts";

/** What a wanted resource will cost a month. Pure. */
export function monthlyOf(wanted: Wanted, catalog: Catalog): number {
  if (wanted.kind === "volume") return cents(wanted.gigabytes * catalog.volumeMonthlyPerGb);
  if (wanted.kind !== "machine") return 0;
  const price = catalog.sizes.find((size) => size.slug === wanted.size)?.monthly ?? 0;
  return cents(price * (1 + (wanted.backups ? catalog.backupsPart : 0)));
}

/** The same of one that is there; its own price counts where the catalog has none, as when nothing is wanted. */
export function monthlyOfSeen(seen: Seen, catalog: Catalog): number {
  const listed =
    seen.kind === "volume" || (seen.kind === "machine" && catalog.sizes.some(({ slug }) => slug === seen.size));
  return listed ? monthlyOf(seen, catalog) : seen.dollarsMonthly;
}

/** Whole cents. */
export const cents = (amount: number): number => Math.round(amount * 100) / 100;
