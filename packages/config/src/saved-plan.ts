import { createHash, randomBytes } from "node:crypto";
import { contentKey, type Host, type Surroundings } from "@slipway/model";
import type { Seen } from "./engine/evaluate.ts";
import { alone, type Item, itemsOf } from "./engine/items.ts";
import { fail } from "./errors.ts";
import { type Plan, type PlanItem, plan } from "./plan.ts";

/** What was planned for one host, in a form that can be compared later without holding a secret or its digest. */
export interface HostPlan {
  readonly host: string;
  /** Mixed into every digest, so that they tell nothing of a secret's value. */
  readonly salt: string;
  readonly items: readonly { readonly id: string; readonly property: string; readonly digest: string }[];
}

/** Stands for an item of a plan: its state, what would be done, and the secrets that it would write. */
function digestOf(item: PlanItem, secrets: Readonly<Record<string, string>>, salt: string): string {
  return createHash("sha256")
    .update(
      JSON.stringify([salt, item.state, item.until ?? "", item.changes, Object.entries(secrets).toSorted(byName)]),
    )
    .digest("hex");
}

const byName = ([a]: readonly [string, string], [b]: readonly [string, string]): number => (a < b ? -1 : 1);

/** Digests of the secrets of each item, by its id. */
const secretsOf = (items: readonly Item[], seen: Seen): ReadonlyMap<string, Readonly<Record<string, string>>> =>
  new Map(
    items.map((item) => {
      const keys = new Set(item.claim.secrets.map(contentKey));
      return [item.id, Object.fromEntries(Object.entries(seen.digests).filter(([key]) => keys.has(key)))];
    }),
  );

/** The part of a saved plan that is about one host. */
export function hostPlan(
  made: Plan,
  items: readonly Item[],
  seen: Seen,
  salt = randomBytes(16).toString("hex"),
): HostPlan {
  const secrets = secretsOf(items, seen);
  return {
    host: made.host,
    salt,
    items: made.items.map((item) => ({
      id: item.id,
      property: item.property,
      digest: digestOf(item, secrets.get(item.id) ?? {}, salt),
    })),
  };
}

/** A host's plan together with what is kept of it. Pure but for the salt. */
export function planToSave(
  host: Host,
  seen: Seen,
  options: { readonly around?: Surroundings; readonly only?: readonly string[]; readonly salt?: string } = {},
): { readonly plan: Plan; readonly saved: HostPlan } {
  const { around = alone(host), only, salt } = options;
  const made = plan(host, seen, around, only === undefined ? {} : { only });
  return { plan: made, saved: hostPlan(made, itemsOf(host, around), seen, salt) };
}

/**
 * Throws `config.stale` unless the host, as it is seen under its lock, and the list of properties give the same plan again, change by
 * change; the message names what differs.
 */
export function refuseStale(
  saved: HostPlan,
  now: { readonly host: Host; readonly around: Surroundings; readonly only?: readonly string[] },
  seen: Seen,
): void {
  const { host, around } = now;
  const present = planToSave(host, seen, { ...now, around, salt: saved.salt }).saved;
  const before = new Map(saved.items.map((item) => [item.id, item]));
  const after = new Map(present.items.map((item) => [item.id, item]));
  const differing = [
    ...present.items.filter((item) => before.get(item.id)?.digest !== item.digest),
    ...saved.items.filter((item) => !after.has(item.id)),
  ].map((item) => `"${item.property}"`);
  if (saved.host === host.name && differing.length === 0) return;
  const list = differing.slice(0, 5).join(", ");
  const more = differing.length > 5 ? ` and ${differing.length - 5} more` : "";
  throw fail("config.stale", `${host.name} or its list of properties is no longer as the plan saw it: ${list}${more}`);
}
