import { fail } from "./errors.ts";
import type { Seen } from "./resource.ts";

/** What the marks on a resource say of whose it is. */
export type Ownership = Pick<Seen, "ours" | "owners">;

/** Whose a resource is that carries the marks of these stacks, for the provider of `stack`. With the marks of two it is nobody's. Pure. */
export function ownership(stacks: readonly string[], stack: string): Ownership {
  const owners = [...new Set(stacks.map((one) => one.toLowerCase()))].sort();
  const ours = owners.length === 1 && owners[0] === stack.toLowerCase();
  return { ours, ...(!ours && owners.length > 0 && { owners }) };
}

/** `stack shop`, `stacks blog and shop`. */
export const ownersText = (owners: readonly string[]): string =>
  `stack${owners.length === 1 ? "" : "s"} ${owners.join(" and ")}`;

/** Throws `plan.stale` when marks of another stack came upon what is to be adopted since it was planned. */
export function refuseOthers(what: string, stacks: readonly string[], stack: string): void {
  const { owners } = ownership(stacks, stack);
  if (owners !== undefined)
    throw fail("plan.stale", `${what} belongs to ${ownersText(owners)}; release it there first`);
}
