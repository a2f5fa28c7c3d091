/** Commands whose work is done when they are answered. Their place here is part of their id: add at the end only. */
const instant = [
  ["start_server", "server"],
  ["delete_server", "server"],
  ["change_server_protection", "server"],
  ["create_volume", "volume"],
  ["resize_volume", "volume"],
  ["attach_volume", "volume"],
  ["detach_volume", "volume"],
  ["change_volume_protection", "volume"],
  ["set_firewall_rules", "firewall"],
  ["apply_firewall", "firewall"],
  ["remove_firewall", "firewall"],
  ["assign_floating_ip", "floating_ip"],
  ["unassign_floating_ip", "floating_ip"],
  ["change_floating_ip_protection", "floating_ip"],
  ["create_network", "network"],
  ["change_image_protection", "image"],
  ["change_network_protection", "network"],
  ["stop_server", "server"],
  ["shutdown_server", "server"],
  ["change_dns_ptr", "server"],
  ["change_floating_ip_dns_ptr", "floating_ip"],
] as const;
export type Instant = (typeof instant)[number][0];

export interface ActionBody {
  readonly id: number;
  readonly command: string;
  readonly status: "running" | "success" | "error";
  readonly progress: number;
  readonly started: string;
  readonly finished: string | null;
  readonly resources: readonly { readonly id: number; readonly type: string }[];
  readonly error: { readonly code: string; readonly message: string } | null;
}

export const time = (at: string): string => at.replace(/(\.\d+)?Z$/, "+00:00");

const seconds = 2 ** 17;
const resources = 2 ** 31;

/**
 * The id of an action that was done at once: what was done, to which resource, and when (to the second, over a day and a half). So it can be asked
 * for again, from any process, and nothing is kept.
 */
export function instantId(command: Instant, resource: number, atMs: number): number {
  const place = instant.findIndex(([name]) => name === command) + 1;
  return (place * resources + resource) * seconds + (Math.floor(atMs / 1_000) % seconds);
}

/** The action of such an id; undefined for ids of other actions. */
export function instantAction(id: number, nowMs: number): ActionBody | undefined {
  if (!Number.isSafeInteger(id) || id < resources * seconds) return undefined;
  const then = id % seconds;
  const resource = Math.floor(id / seconds) % resources;
  const [command, type] = instant[Math.floor(id / seconds / resources) - 1] ?? [];
  if (command === undefined || type === undefined) return undefined;
  const now = Math.floor(nowMs / 1_000);
  const at = time(new Date((now - (((((now % seconds) - then) % seconds) + seconds) % seconds)) * 1_000).toISOString());
  return {
    id,
    command,
    status: "success",
    progress: 100,
    started: at,
    finished: at,
    resources: [{ id: resource, type }],
    error: null,
  };
}

/** The action of something that was just done; asked for again it tells of the resource alone, not of the server. */
export function done(command: Instant, resource: number, server?: number): ActionBody {
  const now = Date.now();
  const action = instantAction(instantId(command, resource, now), now);
  if (action === undefined) throw new RangeError(`${resource} is no number of a resource`);
  if (server === undefined) return action;
  return { ...action, resources: [{ id: server, type: "server" }, ...action.resources] };
}

export interface V2Action {
  readonly id: number;
  readonly type: string;
  readonly status: "in-progress" | "completed" | "errored";
  readonly started_at: string;
  readonly completed_at: string | null;
  readonly resource_id: number | null;
  readonly resource_type: string;
}

const commands: Readonly<Record<string, string>> = {
  create: "create_server",
  power_on: "start_server",
  power_off: "stop_server",
  shutdown: "shutdown_server",
  reboot: "reboot_server",
  power_cycle: "reset_server",
  rebuild: "rebuild_server",
  resize: "change_server_type",
  snapshot: "create_image",
  enable_backups: "enable_backup",
  disable_backups: "disable_backup",
  rename: "rename_server",
};

/** An action of a droplet as one of a server. */
export const actionBody = (action: V2Action): ActionBody => ({
  id: action.id,
  command: commands[action.type] ?? action.type,
  status: action.status === "in-progress" ? "running" : action.status === "completed" ? "success" : "error",
  progress: action.status === "in-progress" ? 50 : 100,
  started: time(action.started_at),
  finished: action.completed_at === null ? null : time(action.completed_at),
  resources: action.resource_id === null ? [] : [{ id: action.resource_id, type: "server" }],
  error: action.status === "errored" ? { code: "action_failed", message: "Action failed" } : null,
});
