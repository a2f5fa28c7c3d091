import { backupWindow } from "./bodies.ts";
import { findDroplet } from "./droplets.ts";
import { type Call, page, type Reply, type Route } from "./http.ts";
import { type Cloud, look } from "./state.ts";
import type { BackupPolicy, DropletRecord } from "./store.ts";

const window_length_hours = 4;
const possible_window_starts = [0, 4, 8, 12, 16, 20];
const possible_days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const keptDays: Readonly<Record<BackupPolicy["plan"], number>> = { weekly: 28, daily: 7 };

const supported = (["weekly", "daily"] as const).map((name) => ({
  name,
  possible_window_starts,
  window_length_hours,
  retention_period_days: keptDays[name],
  possible_days: name === "weekly" ? possible_days : [],
}));

/** When the backups of droplets are made. What changes it are actions. */
export const backupPolicyRoutes = (cloud: Cloud): readonly Route[] => [
  ["GET", "/v2/droplets/backups/policies", (call) => many(cloud, call)],
  ["GET", "/v2/droplets/backups/supported_policies", () => ({ status: 200, body: { supported_policies: supported } })],
  ["GET", "/v2/droplets/:id/backups/policy", (_call, id = "") => single(cloud, id)],
];

function policyBody({ id, options: { backups } }: DropletRecord): object {
  if (!backups) return { droplet_id: id, backup_enabled: false };
  return {
    droplet_id: id,
    backup_enabled: true,
    backup_policy: { ...backups, window_length_hours, retention_period_days: keptDays[backups.plan] },
    next_backup_window: backupWindow(backups, new Date()),
  };
}

async function single(cloud: Cloud, id: string): Promise<Reply> {
  return { status: 200, body: { policy: policyBody((await findDroplet(cloud, id)).droplet) } };
}

/** By the droplets' ids. */
async function many(cloud: Cloud, call: Call): Promise<Reply> {
  const { droplets } = await look(cloud);
  const { status, body } = page(call, "policies", droplets);
  const { policies, ...rest } = { policies: [] as readonly DropletRecord[], ...body };
  return { status, body: { ...rest, policies: Object.fromEntries(policies.map((one) => [one.id, policyBody(one)])) } };
}
