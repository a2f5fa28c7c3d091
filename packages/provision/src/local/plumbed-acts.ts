import { reservedActs } from "./reserved-actions.ts";
import type { Cloud } from "./state.ts";
import type { DropletRecord } from "./store.ts";
import { volumeActs } from "./volume-actions.ts";

export type PlumbedAct = (
  cloud: Cloud,
  droplet: DropletRecord,
  data: Readonly<Record<string, string | undefined>>,
) => Promise<void>;

/** What an action of a droplet that concerns what lies around it does; undefined for others. Each may be repeated. */
export const plumbedAct = (type: string): PlumbedAct | undefined => volumeActs[type] ?? reservedActs[type];
