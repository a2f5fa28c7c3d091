import type { Host, Surroundings } from "@slipway/model";
import { fail } from "../errors.ts";
import { alone, type Item, itemsOf } from "./items.ts";

/** The items whose title or bundle is named, what they need, and what follows their changes. Throws `config.bad-argument` when there is none. */
export function chosen(items: readonly Item[], only: readonly string[] | undefined): readonly Item[] {
  if (only === undefined) return items;
  const wanted = new Set<string>();
  const want = (item: Item): void => {
    if (wanted.has(item.id)) return;
    wanted.add(item.id);
    for (const other of items) {
      if (item.needs.has(other.id)) want(other);
      // What follows a change belongs to it: a file without the reload is half a job.
      else if (other.follows.has(item.id)) want(other);
    }
  };
  for (const item of items) if (isNamed(item, only)) want(item);
  if (wanted.size === 0)
    throw fail("config.bad-argument", `no property is called ${only.join(" or ")}`, {
      hint: "Use the titles that a plan prints.",
    });
  return items.filter((item) => wanted.has(item.id));
}

const isNamed = (item: Item, only: readonly string[]): boolean =>
  only.includes(item.claim.title) || item.within.some((title) => only.includes(title));

/** Whether a host has a property or bundle of one of these titles. Pure. */
export const hasProperty = (host: Host, only: readonly string[], around: Surroundings = alone(host)): boolean =>
  itemsOf(host, around).some((item) => isNamed(item, only));
