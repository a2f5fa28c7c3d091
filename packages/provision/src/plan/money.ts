import type { Catalog } from "../provider.ts";
import type { Seen, Wanted } from "../resource.ts";

/** What a wanted resource will cost a month. Pure. */
export function monthlyOf(wanted: Wanted, catalog: Catalog): number {
  if (wanted.kind === "volume") return cents(wanted.gigabytes * catalog.volumeMonthlyPerGb);
  if (wanted.kind !== "machine") return 0;
  const price = catalog.sizes.find((size) => size.slug === wanted.size)?.monthly ?? 0;
  return cents(price * (1 + (wanted.backups ? catalog.backupsPart : 0)));
}

/** The same of one that is there. */
export const monthlyOfSeen = (seen: Seen, catalog: Catalog): number =>
  seen.kind === "machine" || seen.kind === "volume" ? monthlyOf(seen, catalog) : seen.dollarsMonthly;

/** Whole cents. */
export const cents = (amount: number): number => Math.round(amount * 100) / 100;
