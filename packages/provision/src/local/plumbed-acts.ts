import { reservedActs } from "./reserved-actions.ts";
import type { Cloud } from "./state.ts";
import type { DropletRecord } from "./store.ts";
import { volumeActs } from "./volume-actions.ts";

export type PlumbedAct = (
  cloud: Cloud,
  droplet: DropletRecord,
  data: Readonly<Record<string, string | undefined>>,
) => Promise<void>;

/** What the actions of a droplet that concern what lies around it do, by type. Each may be repeated. */
export const plumbedActs: Readonly<Record<string, PlumbedAct>> = { ...volumeActs, ...reservedActs };
