import { fail } from "./errors.ts";
import { refOf, type Seen, type Wanted } from "./resource.ts";

export const isProtected = (one: Wanted | Seen): boolean => "protect" in one && one.protect;

/** Throws `cloud.protected` for a resource that is protected now, whatever it was when it was planned to go. */
export function refuseProtected(seen: Pick<Seen, "kind" | "name" | "id">, on: boolean): void {
  if (on) throw fail("cloud.protected", `${refOf(seen)} (${seen.id}) is protected`);
}
