import type { WantedMachine } from "./resource.ts";

/** What the machines of every provider are asked for in the same words. */
export interface MachineWords {
  readonly tags: readonly string[];
  readonly protect?: boolean;
  readonly backups?: boolean;
  readonly ipv6?: boolean;
  readonly userData?: string;
}

/** A host's machine as plain data; `place` is what each provider has names of its own for. */
export const wantedMachine = (
  name: string,
  place: Pick<WantedMachine, "region" | "size" | "image">,
  { tags, protect = false, backups = false, ipv6 = false, userData }: MachineWords,
  firewalls: readonly string[],
): WantedMachine => ({
  kind: "machine",
  name,
  region: place.region,
  size: place.size,
  image: place.image,
  tags,
  protect,
  backups,
  firewalls,
  ...(ipv6 && { ipv6 }),
  ...(userData !== undefined && { userData }),
});
